"""Is a form believed only from our own page, in the browser and session it was made for?"""

import pytest

from tests.website import Browser, Website

ADA = "ada@example.com"
REFUSED = "This form is no longer valid"


async def signed_in(website: Website, browser: Browser, email: str = ADA) -> str:
    """Sign in and give the token of a page of that session."""
    await website.add_person(email)
    assert (await browser.sign_in(email)).status_code == 303
    return await browser.token("/form")


async def test_the_sessions_own_token_is_taken(website: Website) -> None:
    async with website.browser() as browser:
        token = await signed_in(website, browser)
        assert (await browser.send("/form", token)).text == "taken"


async def test_the_token_may_come_as_a_header(website: Website) -> None:
    async with website.browser() as browser:
        headers = {"X-CSRF-Token": await signed_in(website, browser)}
        assert (await browser.http.post("/form", headers=headers)).text == "taken"
        assert (await browser.http.put("/form", headers=headers)).text == "put"


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "é"])
async def test_a_missing_or_made_up_token_is_refused(website: Website, token: str) -> None:
    async with website.browser() as browser:
        await signed_in(website, browser)
        answer = await browser.send("/form", token)
        assert answer.status_code == 403
        assert REFUSED in answer.text
        assert (await browser.http.put("/form")).status_code == 403


async def test_the_token_of_another_session_is_refused(website: Website) -> None:
    async with website.browser() as ada, website.browser() as mallory:
        await signed_in(website, ada)
        stolen = await signed_in(website, mallory, "mallory@example.com")
        assert (await mallory.send("/form", stolen)).status_code == 201
        assert (await ada.send("/form", stolen)).status_code == 403


async def test_a_token_does_not_outlive_its_session(website: Website) -> None:
    async with website.browser() as browser:
        old = await signed_in(website, browser)
        await browser.send("/sign-out", old)
        await browser.sign_in(ADA)
        assert (await browser.send("/form", old)).status_code == 403


async def test_the_token_from_before_signing_in_is_not_taken_after(website: Website) -> None:
    async with website.browser() as browser:
        before = await browser.token("/sign-in")
        await signed_in(website, browser)
        assert (await browser.send("/form", before)).status_code == 403


async def test_signing_in_needs_the_token_of_this_browser(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as other:
        token = await other.token()
        assert (await browser.send("/sign-in", token, email=ADA)).status_code == 403
        await browser.get("/sign-in")
        assert (await browser.send("/sign-in", token, email=ADA)).status_code == 403
        assert (await browser.send("/sign-in", email=ADA)).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"}, 403),
        ({"Origin": "http://127.0.0.1:8000"}, 201),
        ({"Origin": "http://phone.house:8000", "Host": "phone.house:8000"}, 201),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8000.evil.example"}, 403),
        ({"Origin": "https://127.0.0.1:8000"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_even_with_the_token_it_must_come_from_here(
    website: Website, headers: dict[str, str], status: int
) -> None:
    async with website.browser() as browser:
        headers["X-CSRF-Token"] = await signed_in(website, browser)
        headers.setdefault("Cookie", f"nexus-session={browser.cookie('session')}")
        answer = await browser.http.post("/form", headers=headers)
    assert answer.status_code == status


async def test_only_the_route_itself_can_be_exempt(website: Website) -> None:
    async with website.browser() as browser:
        assert (await browser.http.post("/webhook", content=b"{}")).text == "heard"
        assert (await browser.http.post("/webhook-settings")).status_code == 403


@pytest.mark.parametrize(
    "planted", ["x", "x" * 42, "session:1", "x" * 44, "visitor cookie with spaces and more of it.."]
)
async def test_a_planted_visitor_cookie_of_another_shape_is_replaced(
    website: Website, planted: str
) -> None:
    async with website.browser() as browser:
        answer = await browser.get("/sign-in", headers={"Cookie": f"nexus-visitor={planted}"})
    assert len(answer.cookies["nexus-visitor"]) == 43
