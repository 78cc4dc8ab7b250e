"""Does a practice bot go live only when all of the list is done, and is that asked again?"""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from nexus.accounts.models import User
from nexus.bots.models import Bot
from nexus.bots.routes_clone import NOT_READY, NOT_THIS, RISK_UNKNOWN
from nexus.core.clock import now
from nexus.exchanges.models import ExchangeAccount
from tests.accounts.people import acts, let_proof_grow_old, prove_again, way_back
from tests.bots.test_routes_live import add_factor
from tests.feed.customers import Customer, customers, scene_of
from tests.limited import limit
from tests.website import Website, make_passwords_quick, serve, settings_for


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def ready(website: Website, who: Customer) -> int:
    """Do what is still open on the list; gives the account with real money."""
    scene = scene_of(website)
    live = await scene.account(who.id, usdt="420.5", venue="binance")
    await add_factor(website, who)
    await limit(scene, who.id, day_loss=Decimal(50))
    return live


async def send(who: Customer, bot: int, account: int, **fields: str) -> tuple[int, str]:
    form = {"account": str(account), "allocation": "100", "risk": "yes", **fields}
    answer = await who.press(f"/bots/{bot}/live", **form)
    return answer.status_code, answer.headers.get("location") or answer.text


async def live_bots(website: Website) -> list[Bot]:
    scene = scene_of(website)
    real = {one.id for one in await scene.rows(ExchangeAccount) if one.venue != "paper"}
    return [bot for bot in await scene.rows(Bot) if bot.account_id in real]


async def test_the_list_is_shown_and_the_form_only_when_it_is_done(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await scene_of(website).bot(alice.account)
        page = (await alice.browser.get(f"/bots/{bot}/live")).text
        assert page.count("Not yet") == 3, "the address is confirmed"
        assert 'name="risk"' not in page
        await ready(website, alice)
        page = (await alice.browser.get(f"/bots/{bot}/live")).text
    assert "Not yet" not in page
    assert 'name="risk"' in page
    assert "420.50 USDT free" in page


async def test_the_copy_runs_on_real_money_and_practice_goes_on(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await scene_of(website).bot(alice.account)
        account = await ready(website, alice)
        status, location = await send(alice, bot, account)
        [made] = await live_bots(website)
        assert (status, location) == (303, f"/bots/{made.id}")
        assert "bot_went_live" in await acts(website.database, alice.id)
        again = await send(alice, bot, account)
    assert (made.strategy, made.symbol, made.status) == ("trend", "BTC/USDT", "running")
    assert (made.account_id, int(made.allocation)) == (account, 100)
    assert (await scene_of(website).the_bot(bot)).status == "running"
    assert again[0] == 422
    assert re.search(r'id="account-error".*already runs this strategy', again[1], re.DOTALL)


async def test_each_thing_on_the_list_is_needed(website: Website) -> None:
    scene = scene_of(website)
    async with customers(website, "alice") as (alice,):
        bot = await scene.bot(alice.account)
        account = await ready(website, alice)
        await limit(scene, alice.id, positions=3)
        status, page = await send(alice, bot, account)
        assert (status, NOT_READY in page) == (422, True), "no limit on losses"
        await limit(scene, alice.id, drawdown=Decimal(50))
        await scene.change(ExchangeAccount, account, health="revoked")
        status, page = await send(alice, bot, account)
        assert (status, NOT_READY in page) == (422, True), "no account works"
        await scene.change(ExchangeAccount, account, health="ok")
        await scene.change(User, alice.id, email_verified_at=None)
        status, page = await send(alice, bot, account)
        assert (status, NOT_READY in page) == (422, True), "no address"
        await scene.change(User, alice.id, email_verified_at=now())
        status, page = await send(alice, bot, account, risk="")
        assert (status, RISK_UNKNOWN in page) == (422, True)
        status, page = await send(alice, bot, alice.account)
        assert (status, NOT_THIS in page) == (422, True), "practice is no real money"
        assert await live_bots(website) == []
        assert (await send(alice, bot, account))[0] == 303


async def test_an_old_proof_is_asked_for_before_anything_is_typed(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await scene_of(website).bot(alice.account)
        account = await ready(website, alice)
        await let_proof_grow_old(website.database)
        shown = await alice.browser.get(f"/bots/{bot}/live")
        assert shown.headers["location"].startswith("/prove?next=")
        asked = (await send(alice, bot, account, allocation="321"))[1]
        assert asked.startswith("/prove?next=")
        await prove_again(website.database)
        again = (await alice.browser.get(way_back(asked))).text
        assert 'value="321"' in again, "what was typed is there again"
        assert "checked" not in again, "but the risk is confirmed anew"
    assert await live_bots(website) == []


async def test_nobody_copies_what_is_not_theirs_or_live_already(website: Website) -> None:
    async with customers(website, "alice", "bob") as (alice, bob):
        bot = await scene_of(website).bot(alice.account)
        bobs = await ready(website, bob)
        assert (await bob.browser.get(f"/bots/{bot}/live")).status_code == 404
        assert (await send(bob, bot, bobs))[0] == 404
        practice = await scene_of(website).bot(bob.account)
        alices = await scene_of(website).account(alice.id, venue="binance")
        status, page = await send(bob, practice, alices)
        assert (status, NOT_THIS in page) == (422, True), "her account is as good as none"
        own = await scene_of(website).bot(bobs)
        assert (await bob.browser.get(f"/bots/{own}/live")).status_code == 404
