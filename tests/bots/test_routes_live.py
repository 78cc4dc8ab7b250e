"""Is real money put at risk only by somebody who has just proven who they are?"""

import re
from collections.abc import AsyncIterator

import pytest

from nexus.accounts.models import Passkey
from nexus.bots.models import Bot
from nexus.core.clock import now
from nexus.exchanges.models import ExchangeAccount
from tests.accounts.people import add_totp, let_proof_grow_old, prove_again, way_back
from tests.feed.customers import Customer, customers, scene_of
from tests.website import Website, make_passwords_quick, serve, settings_for

NEW = {"strategy": "trend", "symbol": "BTC/USDT", "allocation": "100"}


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def add_factor(website: Website, customer: Customer) -> None:
    async with website.database.transaction() as tx:
        tx.add(
            Passkey(
                user_id=customer.id, credential_id=b"made up", public_key=b"", sign_count=0,
                transports=[], name="Phone", created_at=now(),
            )
        )  # fmt: skip


async def bots(website: Website) -> list[Bot]:
    return await scene_of(website).rows(Bot)


@pytest.mark.parametrize("way", ["new", "start"])
async def test_without_a_second_factor_nothing_goes_live(website: Website, way: str) -> None:
    async with customers(website, "alice", venue="binance") as (alice,):
        await scene_of(website).market()
        stopped = await scene_of(website).bot(alice.account, status="stopped", symbol="ETH/USDT")
        path = "/bots/new" if way == "new" else f"/bots/{stopped}/start"
        answer = await alice.press(
            path, **(NEW | {"account": str(alice.account)} if way == "new" else {})
        )
        assert answer.headers["location"] == "/settings/security?needed=1"
    assert [bot.status for bot in await bots(website)] == ["stopped"]


@pytest.mark.parametrize("way", ["new", "start"])
async def test_an_old_proof_is_asked_for_again(website: Website, way: str) -> None:
    async with customers(website, "alice", venue="binance") as (alice,):
        await scene_of(website).market()
        stopped = await scene_of(website).bot(alice.account, status="stopped", symbol="ETH/USDT")
        await add_factor(website, alice)
        fields = NEW | {"account": str(alice.account)} if way == "new" else {}
        path = "/bots/new" if way == "new" else f"/bots/{stopped}/start"
        await let_proof_grow_old(website.database)
        answer = await alice.press(path, **fields)
        assert answer.headers["location"].startswith("/prove?next=")
        assert [bot.status for bot in await bots(website)] == ["stopped"]
        await prove_again(website.database)
        assert (await alice.press(path, **fields)).status_code == 303
    assert "running" in [bot.status for bot in await bots(website)]


async def test_what_was_typed_is_there_again_after_the_proof(website: Website) -> None:
    async with customers(website, "alice", venue="binance") as (alice,):
        await scene_of(website).market()
        await add_factor(website, alice)
        await let_proof_grow_old(website.database)
        fields = NEW | {"symbol": "ETH/USDT", "allocation": "1,250.50"}
        answer = await alice.press("/bots/new", **fields, account=str(alice.account))
        await prove_again(website.database)
        page = (await alice.browser.get(way_back(answer.headers["location"]))).text
    assert re.search(r'<option value="ETH/USDT"\s+selected', page)
    assert 'value="1250.5"' in page


async def test_the_form_asks_before_anything_is_typed(website: Website) -> None:
    async with customers(website, "alice", venue="binance") as (alice,):
        await add_factor(website, alice)
        assert (await alice.browser.get("/bots/new")).status_code == 200
        await let_proof_grow_old(website.database)
        answer = await alice.browser.get("/bots/new")
        assert answer.headers["location"] == "/prove?next=%2Fbots%2Fnew"


async def test_pretend_money_needs_no_proof(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        await scene_of(website).market()
        await let_proof_grow_old(website.database)
        assert (await alice.browser.get("/bots/new")).status_code == 200
        answer = await alice.press("/bots/new", **NEW, account=str(alice.account))
        assert answer.headers["location"].startswith("/bots/")


async def test_a_live_account_goes_on_only_for_who_has_a_second_factor(website: Website) -> None:
    async with customers(website, "alice", venue="binance") as (alice,):
        await alice.press(f"/accounts/{alice.account}/pause")
        path = f"/accounts/{alice.account}/resume"
        assert (await alice.press(path)).headers["location"] == "/settings/security?needed=1"
        assert await paused(website, alice)
        await add_factor(website, alice)
        assert (await alice.press(path)).headers["location"] == f"/accounts/{alice.account}"
        assert not await paused(website, alice)


async def test_who_loses_the_last_factor_buys_nothing_more(website: Website) -> None:
    async with customers(website, "alice", venue="binance") as (alice,):
        await add_totp(website.database, alice.id)
        page = await alice.browser.get("/settings/security/totp/remove")
        assert "are paused" in page.text
        await alice.press("/settings/security/totp/remove")
        assert await paused(website, alice)


async def test_practice_goes_on_without_a_factor(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        await add_totp(website.database, alice.id)
        await alice.press("/settings/security/totp/remove")
        assert not await paused(website, alice)


async def paused(website: Website, customer: Customer) -> bool:
    (account,) = [
        a for a in await scene_of(website).rows(ExchangeAccount) if a.user_id == customer.id
    ]
    return account.paused_at is not None and account.status == "paused"
