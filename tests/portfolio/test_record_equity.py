"""Is everybody's equity written once a quarter, from prices that were really seen, and thinned?"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter

from sqlalchemy import select, text

from nexus.core.clock import now
from nexus.core.db import insert_rows
from nexus.exchanges.models import ExchangeAccount
from nexus.market.models import TickerRow
from nexus.portfolio.models import EquityPoint
from nexus.portfolio.record_equity import EVERY, FORGOTTEN, record_equity, thin_equity
from tests.scenes import Scene

STALE = 45
MANY = 5_000
QUICK_SECONDS = 5.0
"""Generous, for a loaded machine; alone it takes a fraction of a second."""


async def points(scene: Scene) -> list[EquityPoint]:
    async with scene.database.transaction() as tx:
        return list(await tx.scalars(select(EquityPoint).order_by(EquityPoint.at)))


async def test_a_point_is_what_is_free_held_and_won(scene: Scene) -> None:
    bot_id = await scene.follower()
    held = await scene.holding(bot_id)
    price = Decimal(2 * 60_000)
    scene.passes(minutes=20)
    await scene.market(price)
    assert await record_equity(scene.database, STALE) == 1
    (point,) = await points(scene)
    assert point.at == now().replace(minute=15, second=0)
    assert point.free == await scene.free("USDT")
    assert point.held == held.quantity * price
    assert point.result == held.quantity * price - held.cost


async def test_a_second_worker_adds_nothing(scene: Scene) -> None:
    await scene.bot()
    assert await record_equity(scene.database, STALE) == 1
    assert await record_equity(scene.database, STALE) == 0


async def test_a_stale_or_missing_price_makes_no_point(scene: Scene) -> None:
    await scene.follower()
    scene.passes(seconds=STALE + 1)
    assert await record_equity(scene.database, STALE) == 0
    await scene.empty(TickerRow)
    assert await record_equity(scene.database, STALE) == 0
    await scene.market()
    assert await record_equity(scene.database, STALE) == 1


async def test_whoever_holds_nothing_needs_no_price(scene: Scene) -> None:
    await scene.bot()
    await record_equity(scene.database, STALE)
    (point,) = await points(scene)
    assert (int(point.free), int(point.held), int(point.result)) == (10_000, 0, 0)


async def test_what_cannot_be_read_is_not_known(scene: Scene) -> None:
    bot_id = await scene.bot()
    account = (await scene.the_bot(bot_id)).account_id
    for status in ("key_invalid", "removed"):
        await scene.change(ExchangeAccount, account, status=status)
        assert await record_equity(scene.database, STALE) == 0


async def test_what_is_long_past_keeps_the_first_point_of_each_stretch(scene: Scene) -> None:
    account = (await scene.the_bot(await scene.bot())).account_id
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    scene.hands.at = begin + timedelta(days=60)
    quarters = [begin + EVERY * number for number in range(60 * 96)]
    # The first quarter of one day is missing: the next one stands in for it.
    del quarters[96]
    rows = [
        {"account_id": account, "quote": "USDT", "at": at, "free": 1, "held": 0, "result": 0}
        for at in [begin - FORGOTTEN, *quarters]
    ]
    async with scene.database.transaction() as tx:
        await tx.execute(*insert_rows(EquityPoint, rows))
    await thin_equity(scene.database, batch=1000)
    left = [point.at for point in await points(scene)]
    days = timedelta(days=1)
    assert left[:3] == [begin, begin + days + EVERY, begin + 2 * days]
    assert len([at for at in left if at >= now() - 2 * days]) == 2 * 96
    assert len([at for at in left if now() - 8 * days <= at < now() - 2 * days]) == 6 * 24
    assert len([at for at in left if now() - 35 * days <= at < now() - 8 * days]) == 27 * 6
    assert {at - begin for at in left[2:25]} == {days * number for number in range(2, 25)}
    assert await thin_equity(scene.database) == 0


async def test_five_thousand_people_cost_one_quick_statement(scene: Scene) -> None:
    await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.execute(text(CROWD), {"many": MANY})
    begun = perf_counter()
    assert await record_equity(scene.database, STALE) == MANY + 1
    assert perf_counter() - begun < QUICK_SECONDS


CROWD = """
    WITH people AS (
        INSERT INTO users (email, email_key, display_name, role, created_at)
        SELECT n || '@example.org', n || '@example.org', '', 'trader', now()
        FROM generate_series(1, :many) AS n RETURNING id
    ), accounts AS (
        INSERT INTO exchange_accounts
            (user_id, venue, label, egress, status, status_reason, key_version, created_at)
        SELECT id, 'scripted', 'A', 'default', 'active', '', 0, now() FROM people
        RETURNING id, user_id
    ), balances AS (
        INSERT INTO account_balances (account_id, asset, free, as_of)
        SELECT id, 'USDT', 1000, now() FROM accounts
    ), running AS (
        INSERT INTO bots (user_id, account_id, strategy, symbol, allocation, status,
            status_reason, status_at, status_by, created_at)
        SELECT user_id, id, 'trend', 'BTC/USDT', 100, 'running', '', now(), 'test', now()
        FROM accounts RETURNING id
    )
    INSERT INTO holdings (bot_id, quantity, cost, realised, layers, day_result, updated_at)
    SELECT id, 0.001, 50, 0, 1, 0, now() FROM running
"""
