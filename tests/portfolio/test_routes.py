"""Do the pages show somebody's own trades, found again by every filter, and quickly?"""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from time import perf_counter

import pytest
from sqlalchemy import insert

from nexus.bots.models import Bot, Holding
from nexus.core.clock import now
from nexus.core.db import insert_rows
from nexus.portfolio.models import EquityPoint
from nexus.portfolio.record_equity import EVERY
from nexus.portfolio.routes import PER_PERSON
from nexus.portfolio.search_trades import LINES
from tests.feed.customers import Customer, customers, scene_of
from tests.portfolio.ledgers import write_fills
from tests.scenes import AT
from tests.website import Website

PAGES = (
    "/", "/trades", "/portfolio", "/portfolio?range=all", "/trades?side=sell&kind=paper",
    "/trades?since=2024-06-02",
)  # fmt: skip
FAST_SECONDS = 0.2
MANY: list[dict[str, object]] = [{}, {"side": "sell"}] * 25_000


async def trade(website: Website, who: Customer, *fills: dict[str, object]) -> int:
    """Give somebody a bot with a ledger."""
    bot = await scene_of(website).bot(who.account)
    await write_fills(website.database, who.account, bot, fills)
    return bot


async def count(who: Customer, query: str = "") -> int:
    answer = await who.browser.get(f"/trades{query}")
    assert answer.status_code == 200
    return answer.text.count('class="item__amount"')


async def test_every_filter_finds_what_it_names(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await trade(website, alice, {}, {"side": "sell"}, {"at": AT + timedelta(days=3)})
        assert await count(alice) == 3
        for query, found in {
            f"bot={bot}": 3, f"account={alice.account}": 3, "symbol=BTC/USDT": 3, "side=sell": 1,
            "kind=paper": 3, "kind=live": 0, "since=2024-06-02": 1, "until=2024-06-01": 2,
            "since=2024-06-04&until=9999-12-31": 1,
        }.items():  # fmt: skip
            assert await count(alice, f"?{query}") == found, query


async def test_bob_sees_and_names_nothing_of_alice(website: Website) -> None:
    async with customers(website, "alice", "bob") as (alice, bob):
        bot = await trade(website, alice, {})
        assert await count(bob) == 0
        for query in (f"bot={bot}", f"account={alice.account}"):
            assert (await bob.browser.get(f"/trades?{query}")).status_code == 422
            for name in ("trades", "disposals"):
                answer = await bob.browser.get(f"/trades/{name}.csv?{query}")
                assert answer.status_code == 303
        assert f"bot={bot}" not in (await bob.browser.get("/portfolio")).text
        for name in ("trades", "disposals"):
            assert len((await bob.browser.get(f"/trades/{name}.csv")).text.splitlines()) == 1


async def test_older_trades_are_a_page_further_and_keep_the_filter(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        await trade(website, alice, *[{}] * (LINES + 2))
        text = (await alice.browser.get("/trades?side=buy")).text
        older = re.search(r'href="/trades(\?side=buy&amp;before=\d+)"', text)
        assert older
        assert await count(alice, older[1].replace("&amp;", "&")) == 2
        for odd in ("-1", "x", "9" * 90):
            assert await count(alice, f"?before={odd}") == LINES


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("bot=999", "Choose one of your bots."),
        ("symbol=DOGE/USDT", "Choose one of the symbols."),
        ("side=up", "Choose bought or sold."),
        ("kind=play", "Choose one of the kinds of money."),
        ("since=31.3.2026", "Write a day like 2026-03-31."),
        ("since=2026-03-02&until=2026-03-01", "not before the first one"),
    ],
)
async def test_a_mistake_is_said_beside_its_field(
    website: Website, query: str, sentence: str
) -> None:
    async with customers(website, "alice") as (alice,):
        answer = await alice.browser.get(f"/trades?{query}")
    assert answer.status_code == 422
    assert sentence in answer.text


async def test_the_files_come_as_files(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        await trade(website, alice, {}, {"side": "sell"})
        for name, lines in (("trades", 3), ("disposals", 2)):
            answer = await alice.browser.get(f"/trades/{name}.csv")
            assert answer.headers["content-type"] == "text/csv; charset=utf-8"
            assert f'filename="nexus-{name}.csv"' in answer.headers["content-disposition"]
            assert len(answer.text.splitlines()) == lines


async def test_fifty_thousand_trades_do_not_slow_the_pages(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        await trade(website, alice, *MANY)
        await keep_equity(website, alice.account, days=30)
        for path in PAGES:
            times = []
            for _ in range(3):
                begun = perf_counter()
                assert (await alice.browser.get(path)).status_code == 200
                times.append(perf_counter() - begun)
            assert min(times) < FAST_SECONDS, path


async def keep_equity(website: Website, account: int, days: int) -> None:
    """Give an account an equity of so many days, a point each quarter of an hour."""
    rows = [
        {
            "account_id": account, "quote": "USDT", "at": now() - EVERY * number,
            "free": Decimal(1000), "held": Decimal(number), "result": Decimal(-number),
        }
        for number in range(days * 96)
    ]  # fmt: skip
    async with website.database.transaction() as tx:
        await tx.execute(*insert_rows(EquityPoint, rows))


async def test_equity_is_drawn_for_the_account_and_time_asked_for(website: Website) -> None:
    async with customers(website, "alice", "bob") as (alice, bob):
        await trade(website, alice, {})
        assert "No line for this time" in (await alice.browser.get("/portfolio")).text
        await keep_equity(website, alice.account, days=2)
        for query in ("", "?range=day", f"?range=all&account={alice.account}", "?range=odd"):
            answer = await alice.browser.get(f"/portfolio{query}")
            assert answer.status_code == 200
            assert answer.text.count("<polyline points=") == 1, query
        day = (await alice.browser.get("/portfolio?range=day")).text
        assert "Worst drawdown" in day
        assert f"account={alice.account}" not in day
        await trade(website, bob, {})
        theirs = (await bob.browser.get(f"/portfolio?account={alice.account}")).text
        assert "<polyline" not in theirs


@pytest.mark.parametrize(
    ("path", "part"),
    [("/trades?side=sell", "trades"), ("/portfolio?range=day", "purses"), ("/gate", "gate")],
)
async def test_htmx_gets_the_part_that_it_swaps(website: Website, path: str, part: str) -> None:
    async with customers(website, "alice") as (alice,):
        await trade(website, alice, {})
        whole = await alice.browser.get(path)
        swapped = await alice.browser.get(path, headers={"HX-Request": "true"})
        assert (whole.status_code, swapped.status_code) == (200, 200)
        assert swapped.text.lstrip().startswith(f'<div id="{part}"')
        assert swapped.text.strip() in whole.text
        wrong = await alice.browser.get("/trades?side=up", headers={"HX-Request": "true"})
        assert wrong.status_code == 422
        assert "<html" not in wrong.text


async def test_many_files_have_to_wait_and_the_page_says_how_long(website: Website) -> None:
    async with customers(website, "alice", "bob") as (alice, bob):
        await trade(website, alice, {})
        for _ in range(PER_PERSON.limit):
            assert (await alice.browser.get("/trades/trades.csv")).status_code == 200
        for name in ("trades", "disposals"):
            refused = await alice.browser.get(f"/trades/{name}.csv?side=buy")
            assert refused.status_code == 429
            assert "Wait 60 minutes, then take the next one." in refused.text
            assert '<option value="buy" selected' in refused.text
        assert (await bob.browser.get("/trades/trades.csv")).status_code == 200


async def test_home_says_what_today_brought_its_owner_alone(website: Website) -> None:
    async with customers(website, "alice", "bob") as (alice, bob):
        assert 'id="money-title"' not in (await alice.browser.get("/")).text
        await trade(website, alice, {})
        await keep_equity(website, alice.account, days=1)
        home = (await alice.browser.get("/")).text
        assert 'id="money-practice-USDT"' in home
        assert home.count("Equity in the last 24 hours") == 1
        assert 'id="money-' not in (await bob.browser.get("/")).text


async def test_what_a_deleted_bot_came_to_stays_in_the_portfolio(website: Website) -> None:
    async with customers(website, "alice") as (alice,):
        bot = await trade(website, alice, {})
        scene = scene_of(website)
        async with website.database.transaction() as tx:
            values = {"quantity": 0, "cost": 0, "realised": Decimal(-77), "layers": 0}
            row = {"bot_id": bot, "day_result": 0, "updated_at": now(), **values}
            await tx.execute(insert(Holding), [row])
        assert "\u221277.00 USDT" in (await alice.browser.get("/portfolio")).text
        await scene.change(Bot, bot, status="stopped", deleted_at=now())
        portfolio = (await alice.browser.get("/portfolio")).text
        assert "\u221277.00 USDT" in portfolio
        assert "Deleted ·" in portfolio


async def test_the_demo_calls_no_money_real(website: Website) -> None:
    website.app.state.site = replace(website.app.state.site, demo=True)
    async with customers(website, "alice", venue="scripted") as (alice,):
        await trade(website, alice, {})
        for path in ("/portfolio", "/trades", "/trades/trades.csv"):
            text = (await alice.browser.get(path)).text
            assert "Simulated exchange" in text, path
            assert "Real money" not in text, path
