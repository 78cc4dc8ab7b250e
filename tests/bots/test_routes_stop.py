"""Does the page that stops everything do what was pressed, once, and only to one's own bots?"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from nexus.accounts import consent
from nexus.accounts.models import AuditEntry
from nexus.bots.models import CloseRequest
from nexus.feed.models import FeedItem
from tests.feed.customers import Customer, customers, scene_of
from tests.website import Website, make_passwords_quick, serve, settings_for

KEY = "a-key-of-sixteen"
AFTER = {"pause": "paused", "stop": "stopped", "close": "closing"}
WORDS = {"pause": "paused", "stop": "stopped", "close": "closed"}


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def statuses(website: Website, *bots: int) -> list[str]:
    return [(await scene_of(website).the_bot(bot)).status for bot in bots]


async def two_bots(website: Website, owner: Customer) -> list[int]:
    scene = scene_of(website)
    return [
        await scene.bot(owner.account),
        await scene.bot(owner.account, symbol="ETH/USDT"),
    ]


@pytest.mark.parametrize("act", AFTER)
async def test_it_stops_all_of_alices_bots_and_none_of_bobs(website: Website, act: str) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        hers, his = await two_bots(website, alice), await two_bots(website, bob)
        answer = await alice.press("/stop", act=act, idempotency_key=KEY)
        assert (answer.status_code, answer.headers["location"]) == (303, "/#bots")
        assert await statuses(website, *hers) == [AFTER[act]] * 2
        assert await statuses(website, *his) == ["running"] * 2
        async with website.database.transaction() as tx:
            [notice] = (await tx.scalars(select(FeedItem))).all()
            acts = select(AuditEntry).where(AuditEntry.act == f"bots_{WORDS[act]}")
            [entry] = (await tx.scalars(acts)).all()
    assert (notice.user_id, notice.facts["kind"]) == (alice.id, "notice")
    assert "2 bots" in notice.facts["title"]
    assert (entry.user_id, entry.actor_id, entry.detail) == (alice.id, alice.id, {"bots": 2})


@pytest.mark.parametrize("act", AFTER)
async def test_pressed_twice_it_is_told_once(website: Website, act: str) -> None:
    async with customers(website, "alice") as [alice]:
        await two_bots(website, alice)
        for _ in range(2):
            answer = await alice.press("/stop", act=act, idempotency_key=KEY)
            assert answer.status_code == 303
        async with website.database.transaction() as tx:
            assert len((await tx.scalars(select(FeedItem))).all()) == 1
            wishes = len((await tx.scalars(select(CloseRequest))).all())
    assert wishes == (2 if act == "close" else 0)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"act": "pause"},
        {"act": "sell", "idempotency_key": KEY},
        {"act": "", "idempotency_key": KEY},
        {"act": "close", "idempotency_key": "short"},
        {"act": "close", "idempotency_key": "x" * 65},
    ],
)
async def test_what_was_not_meant_changes_nothing(website: Website, fields: dict[str, str]) -> None:
    async with customers(website, "alice") as [alice]:
        bots = await two_bots(website, alice)
        answer = await alice.press("/stop", **fields)
        assert answer.status_code == 422
        assert "Nothing was changed" in answer.text
        assert await statuses(website, *bots) == ["running"] * 2


async def test_a_press_without_the_token_does_nothing(website: Website) -> None:
    async with customers(website, "alice", "bob") as [alice, bob]:
        bots = await two_bots(website, alice)
        for token in ("", bob.token):
            answer = await alice.browser.send("/stop", token, act="stop", idempotency_key=KEY)
            assert answer.status_code == 403
        assert await statuses(website, *bots) == ["running"] * 2


async def test_the_page_says_what_is_held_and_whose_it_is(website: Website) -> None:
    async with customers(website, "alice", "bob", venue="scripted") as [alice, bob]:
        scene = scene_of(website)
        await scene.bot(alice.account)
        await scene.place(await scene.enter())
        hers, his = await alice.browser.get("/stop"), await bob.browser.get("/stop")
    assert re.search(r"<strong>0\.00\d+ BTC</strong> on A", hers.text)
    assert "1 running bot." in hers.text
    assert "BTC" not in his.text
    keys = re.findall(r'name="idempotency_key" value="([^"]+)"', hers.text + his.text)
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    "path", ["/", "/stop", "/bots/new", "/market/BTC-USDT", "/settings", "/settings/security"]
)
async def test_it_is_in_reach_from_every_page(website: Website, path: str) -> None:
    async with customers(website, "alice") as [alice]:
        text = (await alice.browser.get(path)).text
    assert text.count('href="/stop"') == 1, path


async def test_stopping_waits_for_no_document(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with customers(website, "alice") as [alice]:
        bots = await two_bots(website, alice)
        newer = [replace(document, version="2099-01-01") for document in consent.DOCUMENTS]
        monkeypatch.setattr(consent, "DOCUMENTS", newer)
        assert (await alice.browser.get("/bots/new")).headers["location"].startswith("/consent")
        assert (await alice.browser.get("/stop")).status_code == 200
        await alice.press("/stop", act="stop", idempotency_key=KEY)
        assert await statuses(website, *bots) == ["stopped"] * 2
