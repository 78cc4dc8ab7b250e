"""Who gets in, who is asked to sign in, and where do they go afterwards?"""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from litestar import get
from litestar.di import NamedDependency
from sqlalchemy import delete

from nexus.accounts.guard import local_path
from nexus.accounts.models import Session
from nexus.accounts.sessions import Person
from tests.website import Website, serve, settings_for


@get("/mine")
async def mine(person: NamedDependency[Person]) -> dict[str, str]:
    return {"email": person.email}


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    async with serve(settings_for(database_url, redis_url), mine) as running:
        yield running


async def test_nobody_is_asked_to_sign_in_and_comes_back(website: Website) -> None:
    await website.add_person("ada@example.com")
    async with website.browser() as browser:
        asked = await browser.get("/mine?week=3&of=%2F")
        assert asked.status_code == 303
        address = urlsplit(asked.headers["location"])
        assert address.path == "/sign-in"
        wanted = parse_qs(address.query)["next"][0]
        assert wanted == "/mine?week=3&of=%2F"
        let_in = await browser.sign_in("ada@example.com", next=wanted)
        assert (let_in.status_code, let_in.headers["location"]) == (303, wanted)
        assert (await browser.get(wanted)).json() == {"email": "ada@example.com"}


async def test_htmx_is_told_to_leave_the_page(website: Website) -> None:
    async with website.browser() as browser:
        answer = await browser.get("/mine", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"
    assert answer.text == ""


async def test_a_made_up_cookie_lets_nobody_in(website: Website) -> None:
    await website.add_person("ada@example.com")
    async with website.browser() as browser:
        browser.http.cookies.set("nexus-session", "x" * 43)
        assert (await browser.get("/mine")).status_code == 303


async def test_a_session_that_ended_elsewhere_is_asked_again(website: Website) -> None:
    await website.add_person("ada@example.com")
    async with website.browser() as browser:
        await browser.sign_in("ada@example.com")
        assert (await browser.get("/mine")).status_code == 200
        async with website.database.transaction() as tx:
            await tx.execute(delete(Session))
        assert (await browser.get("/mine")).status_code == 303
        # A form whose session has ended is not "forged": its person only needs to sign in.
        assert (await browser.send("/sign-out")).headers["location"] == "/sign-in"


@pytest.mark.parametrize("path", ["/", "/bots/3", "/mine?week=3&of=%2F", "/a#b", "/a//b"])
def test_paths_of_ours_are_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "bots",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "/caf\u00e9",
    ],
)
def test_other_sites_are_not_gone_to(path: str) -> None:
    assert local_path(path) == "/"


@pytest.mark.parametrize("path", ["/sign-in", "/mine", "/nowhere", "/forgot", "/settings/password"])
@pytest.mark.parametrize("host", ["a:99999", "a:x", "a b", "["])
async def test_a_host_that_is_none_breaks_nothing(website: Website, path: str, host: str) -> None:
    async with website.browser() as browser:
        assert (await browser.get(path, headers={"host": host})).status_code < 500
