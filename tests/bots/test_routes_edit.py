"""Is another amount given only after its meaning was read, and more real money only with proof?"""

import re
from collections.abc import AsyncIterator

import pytest

from nexus.bots.edit import CHANGED_MEANWHILE
from nexus.bots.models import Bot
from tests.accounts.people import let_proof_grow_old
from tests.bots.test_routes_live import add_factor
from tests.feed.customers import customers, scene_of
from tests.website import Website, make_passwords_quick, serve, settings_for


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def amount(website: Website) -> int:
    [bot] = await scene_of(website).rows(Bot)
    return int(bot.allocation)


async def test_the_meaning_is_read_before_anything_changes(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await scene_of(website).bot(alice.account)
        path = f"/bots/{bot}/edit"
        page = (await alice.browser.get(path)).text
        assert 'value="1000"' in page
        asked = await alice.press(path, allocation="400", was="1000")
        assert (asked.status_code, await amount(website)) == (200, 1000)
        assert "Its next purchases are smaller." in asked.text
        assert "Change to 400.00 USDT" in asked.text
        done = await alice.press(path, allocation="400", was="1000", confirm="yes")
    assert (done.status_code, done.headers["location"]) == (303, f"/bots/{bot}")
    assert await amount(website) == 400


async def test_mistakes_are_said_at_the_field_and_what_was_typed_is_kept(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await scene_of(website).bot(alice.account)
        path = f"/bots/{bot}/edit"
        for typed, said in {"250,50": "Write an amount", "1": "The least a bot"}.items():
            answer = await alice.press(path, allocation=typed, was="1000", confirm="yes")
            assert answer.status_code == 422
            assert re.search(rf'id="allocation-error".*{said}', answer.text, re.DOTALL)
            assert f'value="{typed}"' in answer.text
        for was in ("999", "never"):
            stale = await alice.press(path, allocation="300", was=was, confirm="yes")
            assert stale.status_code == 422
            assert CHANGED_MEANWHILE in stale.text
    assert await amount(website) == 1000


async def test_more_real_money_needs_a_fresh_proof_and_less_needs_none(website: Website) -> None:
    async with customers(website, "alice", venue="binance") as (alice,):
        bot = await scene_of(website).bot(alice.account)
        path = f"/bots/{bot}/edit"
        more = {"allocation": "1,500", "was": "1000", "confirm": "yes"}
        answer = await alice.press(path, **more)
        assert answer.headers["location"] == "/settings/security?needed=1"
        await add_factor(website, alice)
        await let_proof_grow_old(website.database)
        answer = await alice.press(path, **more)
        assert answer.headers["location"].startswith("/prove?next=%2Fbots%2F")
        assert "allocation%3D1%252C500" in answer.headers["location"]
        assert await amount(website) == 1000
        less = await alice.press(path, allocation="500", was="1000", confirm="yes")
        assert less.status_code == 303
    assert await amount(website) == 500


async def test_bob_changes_nothing_of_alice(website: Website) -> None:
    async with customers(website, "alice", "bob") as (alice, bob):
        bot = await scene_of(website).bot(alice.account)
        path = f"/bots/{bot}/edit"
        assert (await bob.browser.get(path)).status_code == 404
        answer = await bob.press(path, allocation="300", was="1000", confirm="yes")
    assert (answer.status_code, await amount(website)) == (404, 1000)


async def test_htmx_gets_the_form_and_is_sent_on(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await scene_of(website).bot(alice.account)
        path = f"/bots/{bot}/edit"
        asked = await alice.tap(path, allocation="300", was="1000")
        assert asked.text.lstrip().startswith("<form")
        done = await alice.tap(path, allocation="300", was="1000", confirm="yes")
    assert done.headers["hx-redirect"] == f"/bots/{bot}"
