"""Do the public pages tell everybody the same, and may any cache keep them?"""

import re

import pytest

from nexus.core.clock import now
from tests.website import Website, serve, settings_for

PAGES = ("/pricing", "/status", "/security", "/promises")


@pytest.mark.parametrize("path", PAGES)
async def test_a_public_page_may_be_kept_and_sets_no_cookie(website: Website, path: str) -> None:
    async with website.browser() as visitor:
        answer = await visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert "cookie" not in answer.headers.get("vary", "").lower()
    assert "set-cookie" not in answer.headers
    assert "csrf_token" not in answer.text


@pytest.mark.parametrize("path", PAGES)
async def test_a_cookie_changes_nothing_on_a_page_that_caches_keep(
    website: Website, path: str
) -> None:
    await website.add_person("alice@example.com")
    async with website.browser() as alice, website.browser() as stranger:
        await alice.sign_in("alice@example.com")
        hers, theirs = await alice.get(path), await stranger.get(path)
    assert "alice" not in hers.text
    if path != "/status":
        assert hers.text == theirs.text


async def test_pricing_shows_the_tiers_as_they_stand(website: Website) -> None:
    async with website.browser() as visitor:
        text = (await visitor.get("/pricing")).text
    order = [text.index(part) for part in ("2,000.00 USDT", "25,000.00 USDT", "250,000.00 USDT")]
    assert order == sorted(order)
    assert "Nothing can be bought yet" in text


async def test_the_status_page_answers_without_a_database(website: Website) -> None:
    async with website.without_database(), website.browser() as visitor:
        answer = await visitor.get("/status")
    assert answer.status_code == 200
    assert "Not reachable" in answer.text
    assert "Nothing can be read at the moment" in answer.text
    assert "/nowhere" not in answer.text


async def test_every_public_page_leads_to_terms_and_risk(website: Website) -> None:
    async with website.browser() as visitor:
        for path in ("/", "/terms", "/risk", *PAGES):
            text = (await visitor.get(path)).text
            for way in ("/terms", "/risk", "/security", "/status", "/pricing", "/promises"):
                assert f'href="{way}"' in text, path


async def test_the_promises_are_drawn_and_their_numbers_stand_on_the_first_page(
    website: Website,
) -> None:
    async with website.browser() as visitor:
        page = (await visitor.get("/promises")).text
        first = (await visitor.get("/")).text
    assert "<h1>What we promise, and how we test it</h1>" in page
    assert re.search(r"[\d,]+ orders were\s+sent. Sent twice: 0\.", first)


async def test_security_txt_names_the_contact_and_is_not_out_of_date(website: Website) -> None:
    async with website.browser() as visitor:
        answer = await visitor.get("/.well-known/security.txt")
        page = (await visitor.get("/security")).text
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert answer.headers["content-type"].startswith("text/plain")
    assert fields["Contact"] == "mailto:security@example.com"
    assert fields["Expires"] > now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "security@example.com" in page


async def test_without_a_contact_nothing_false_is_said(database_url: str, redis_url: str) -> None:
    async with serve(settings_for(database_url, redis_url)) as site, site.browser() as visitor:
        assert (await visitor.get("/.well-known/security.txt")).status_code == 404
        assert "have not named an address" in (await visitor.get("/security")).text
