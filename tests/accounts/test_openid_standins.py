"""Do we understand issuers that other people wrote? One like Google, and one by the book."""

import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from nexus.accounts.models import Identity, Session, User
from tests.accounts.issuer import accept_all, come_back, leave, make_stale
from tests.standins.node import StandIn, google, strict
from tests.website import Browser, Website, serve, settings_for

REDIRECT_URI = "http://127.0.0.1:8000/openid/{}/callback"
PEOPLE = {
    "ada": {"email": "ada@example.com", "email_verified": True, "name": "Ada L."},
    "eve": {"email": "eve@example.com", "email_verified": False, "name": "Eve"},
}
ACTION = re.compile(r'<form[^>]*action="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@pytest.fixture(scope="module")
def like_google() -> Iterator[StandIn]:
    with google(REDIRECT_URI.format("google"), list(PEOPLE.values())) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def by_the_book() -> Iterator[StandIn]:
    with strict(REDIRECT_URI.format("oidc"), PEOPLE) as issuer:
        yield issuer


def settings_of(name: str, issuer: StandIn) -> dict[str, str]:
    more = {"oidc_name": "Strict"} if name == "oidc" else {}
    return {
        f"{name}_issuer": issuer.address,
        f"{name}_client_id": issuer.client_id,
        f"{name}_client_secret": issuer.client_secret,
        **more,
    }


async def choose_at_google(address: str, email: str) -> str:
    """Choose an account on the page that Google shows; give where the browser is sent back to."""
    async with httpx.AsyncClient() as http:
        page = await http.get(address)
        assert page.status_code == 200, page.text
        forms = page.text.split("<form")[1:]
        (form,) = [form for form in forms if f'value="{email}"' in form]
        fields = {unescape(n): unescape(v) for n, v in HIDDEN.findall(form)}
        callback = httpx.URL(address).join("/o/oauth2/v2/auth/callback")
        return str((await http.post(callback, data=fields)).headers["location"])


async def sign_in_at_strict(address: str, subject: str, http: httpx.AsyncClient) -> str:
    """Sign in and agree on the pages that the strict one shows."""
    answer = await http.get(address)
    while not answer.headers.get("location", "").startswith("http://127.0.0.1:8000/"):
        if answer.is_redirect:
            answer = await http.get(httpx.URL(answer.url).join(answer.headers["location"]))
            continue
        assert answer.status_code == 200, answer.text
        found = ACTION.search(answer.text)
        assert found, answer.text
        prompt = "login" if 'value="login"' in answer.text else "consent"
        fields = {"prompt": prompt, "login": subject, "password": "any"}
        target = httpx.URL(answer.url).join(unescape(found[1]))
        answer = await http.post(target, data=fields)
    return str(answer.headers["location"])


async def emails(website: Website) -> list[str]:
    async with website.database.transaction() as tx:
        return list(await tx.scalars(select(User.email)))


# ----------------------------------------------------------------------------------- like Google
async def test_google_signs_in_whom_it_has_verified(
    database_url: str, redis_url: str, like_google: StandIn
) -> None:
    settings = settings_for(database_url, redis_url, **settings_of("google", like_google))
    async with serve(settings) as website:
        async with website.browser() as browser:
            assert "Continue with Google" in (await browser.get("/sign-in")).text
            for _ in range(2):
                address = await leave(browser, "/openid/google/start")
                back = await choose_at_google(address, "ada@example.com")
                assert (await come_back(browser, back)).headers["location"] == "/bots/new"
                browser.http.cookies.delete("nexus-session")
        async with website.browser() as browser:
            address = await leave(browser, "/openid/google/start")
            answer = await come_back(browser, await choose_at_google(address, "eve@example.com"))
            assert "Google has not verified your e-mail address" in answer.text
        assert await emails(website) == ["ada@example.com"]


async def test_google_takes_a_code_once_and_with_its_verifier(
    database_url: str, redis_url: str, like_google: StandIn
) -> None:
    settings = settings_for(database_url, redis_url, **settings_of("google", like_google))
    async with serve(settings) as website, website.browser() as one, website.browser() as other:
        mine = await choose_at_google(await leave(one, "/openid/google/start"), "ada@example.com")
        theirs = await leave(other, "/openid/google/start")
        stolen = {
            "code": parse_qs(urlsplit(mine).query)["code"][0],
            "state": parse_qs(urlsplit(theirs).query)["state"][0],
        }
        # Somebody who stole a code has it exchanged in their own sign-in: the verifier is another.
        answer = await other.get("/openid/google/callback", params=stolen)
        assert answer.status_code == 422
        assert await emails(website) == []


# ----------------------------------------------------------------------------------- by the book
@pytest.fixture
async def website(
    database_url: str, redis_url: str, by_the_book: StandIn
) -> AsyncIterator[Website]:
    settings = settings_for(database_url, redis_url, **settings_of("oidc", by_the_book))
    async with serve(settings) as running:
        yield running


async def go(browser: Browser, http: httpx.AsyncClient, subject: str) -> httpx.Response:
    address = await leave(browser)
    return await come_back(browser, await sign_in_at_strict(address, subject, http))


async def test_the_strict_one_signs_in_whom_it_has_verified(website: Website) -> None:
    async with website.browser() as browser, httpx.AsyncClient() as http:
        answer = await go(browser, http, "ada")
        assert answer.headers["location"] == "/bots/new", answer.text
    async with website.browser() as browser, httpx.AsyncClient() as http:
        answer = await go(browser, http, "eve")
        assert "Strict has not verified your e-mail address" in answer.text
    async with website.database.transaction() as tx:
        assert list(await tx.scalars(select(Identity.subject))) == ["ada"]
        assert list(await tx.scalars(select(Session.method))) == ["oidc"]


async def test_the_strict_one_names_itself_and_only_that_is_taken(website: Website) -> None:
    async with website.browser() as browser, httpx.AsyncClient() as http:
        back = await sign_in_at_strict(await leave(browser), "ada", http)
        assert "iss=" in back
        other = httpx.URL(back).copy_set_param("iss", "https://accounts.google.com")
        assert (await come_back(browser, str(other))).status_code == 422


async def test_the_strict_one_asks_again_for_a_proof(website: Website) -> None:
    """It remembers its people, and only says when they proved themselves if it was asked to."""
    async with website.browser() as browser, httpx.AsyncClient() as http:
        await go(browser, http, "ada")
        await accept_all(website)
        await make_stale(website)
        address = httpx.URL(await leave(browser, "/prove/openid/oidc", "/prove"))
        silent = address.copy_remove_param("prompt").copy_remove_param("max_age")
        back = await http.get(silent)
        assert back.headers["location"].startswith(REDIRECT_URI.format("oidc")), "it remembers"
        assert (await come_back(browser, back.headers["location"])).status_code == 422
        address = httpx.URL(await leave(browser, "/prove/openid/oidc", "/prove"))
        shown = await http.get(address)
        assert "/interaction/" in shown.headers["location"], "it does not ask"
        back_again = await sign_in_at_strict(str(address), "ada", http)
        assert (await come_back(browser, back_again)).status_code == 303
        assert (await browser.get("/settings/security/link/oidc")).status_code == 200
