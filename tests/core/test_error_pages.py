"""Does somebody to whom it happens read plain words, and nothing of our insides?"""

from collections.abc import AsyncIterator

import pytest

from tests.website import Website


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nope", 404, "There is nothing here"),
        ("/gone", 404, "There is nothing here"),
        ("/number/x", 404, "There is nothing here"),
        ("/sign-out", 405, "That cannot be done here"),
        ("/boom", 500, "Something went wrong on our side"),
        ("/outage", 503, "Nexus is not reachable right now"),
    ],
)
async def test_words_for_every_refusal(
    website: Website, path: str, status: int, title: str
) -> None:
    async with website.browser() as browser:
        answer = await browser.get(path)
        part = await browser.get(path, headers={"HX-Request": "true"})
    assert answer.status_code == part.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for text in (answer.text, part.text):
        assert title in text
        assert 'href="/"' in text
        assert "canary" not in text
        assert "Traceback" not in text
        assert "litestar" not in text.lower()
    assert answer.text.startswith("<!DOCTYPE html>")
    assert "<html" not in part.text


async def test_what_may_be_done_instead_is_said(website: Website) -> None:
    async with website.browser() as browser:
        answer = await browser.get("/sign-out")
    assert "POST" in answer.headers["allow"]


async def test_a_form_of_another_page_is_not_read(website: Website) -> None:
    async with website.browser() as browser:
        answer = await browser.send("/sign-in", await browser.token(), role="admin")
    assert answer.status_code == 400
    assert "That could not be read" in answer.text
    assert "Open the page again and repeat it." in answer.text


async def test_a_body_that_is_too_large_is_refused(website: Website) -> None:
    async with website.browser() as browser:
        token = await browser.token()
        answer = await browser.send("/sign-in", token, email="x" * 70_000, password="x")
        assert answer.status_code == 413
        assert "Shorten it" in answer.text

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"x" * 30_000

        chunked = await browser.http.post(
            "/sign-in",
            content=endless(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert chunked.status_code == 413


async def test_a_database_that_is_away_is_an_outage_not_a_riddle(website: Website) -> None:
    async with website.browser() as browser, website.without_database():
        browser.http.cookies.set("nexus-session", "x" * 43)
        answer = await browser.get("/form")
    assert answer.status_code == 503
    assert "nowhere" not in answer.text
