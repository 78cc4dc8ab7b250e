"""Is what we saw kept, counted and forgotten in time?"""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from nexus.core.db import Database
from nexus.market.models import CandleRow, DataFault, MarketCall, TickerRow
from nexus.market.observe import Observer
from nexus.market.store import PRUNED_EVERY, load_candles
from tests.market.candles import BTC, START, opens_at, raw_candle
from tests.market.scripted import ScriptedMarket, look, market_settings

ETH = "ETH/USDT"
SECOND = timedelta(seconds=1)


@pytest.fixture
def market() -> ScriptedMarket:
    return ScriptedMarket()


@pytest.fixture
async def observer(database: Database, market: ScriptedMarket) -> Observer:
    return Observer(database, [market], market_settings())


async def test_candles_come_back_as_they_were_believed(
    observer: Observer, database: Database, market: ScriptedMarket
) -> None:
    market.candles_of[BTC] = [raw_candle(1, "0.00000123"), raw_candle(3, "0.00000124")]
    await look(observer, opens_at(4))
    found = await load_candles(database, "1h", {BTC: START, ETH: START})
    assert found == {BTC: list(observer.windows[BTC]), ETH: []}
    assert [row.gap_before for row in found[BTC]] == [False, True]


async def test_only_later_candles_of_that_length_are_read(
    observer: Observer, database: Database
) -> None:
    await look(observer, opens_at(4))
    later = await load_candles(database, "1h", {BTC: opens_at(2)})
    assert [row.open_time for row in later[BTC]] == [opens_at(3)]
    assert await load_candles(database, "5m", {BTC: opens_at(2)}) == {BTC: []}


async def test_each_symbols_newest_price_is_kept(
    observer: Observer, database: Database, market: ScriptedMarket
) -> None:
    await look(observer, START)
    market.price = Decimal("101.000000000001")
    await look(observer, START + SECOND)
    async with database.transaction() as tx:
        (row,) = await tx.scalars(select(TickerRow))
    assert (row.symbol, row.price, row.at) == (BTC, market.price, START + SECOND)
    assert row.source == "primary"


async def test_refusals_are_counted_with_the_last_one(
    observer: Observer, database: Database, market: ScriptedMarket
) -> None:
    await look(observer, START)
    for seconds, price in enumerate(["NaN", "-1", "0"], start=1):
        market.price = Decimal(price)
        await look(observer, START + SECOND * seconds)
    async with database.transaction() as tx:
        (row,) = await tx.scalars(select(DataFault))
    assert (row.symbol, row.kind, row.count) == (BTC, "not_a_price", 3)
    assert (row.last_at, row.detail) == (START + SECOND * 3, "0")


async def test_calls_are_metered_by_minute_source_and_endpoint(
    database: Database, market: ScriptedMarket
) -> None:
    market.away = True
    observer = Observer(database, [market, ScriptedMarket("fallback")], market_settings())
    for seconds in (0, 10, 60):
        await look(observer, START + SECOND * seconds)
    async with database.transaction() as tx:
        rows = await tx.scalars(select(MarketCall))
    counted = {((r.minute - START) / SECOND, r.source, r.endpoint): r.calls for r in rows}
    assert counted == {
        (0, "primary", "tickers"): 2,
        (0, "fallback", "tickers"): 2,
        (0, "primary", "candles"): 1,
        (0, "fallback", "candles"): 1,
        (60, "primary", "tickers"): 1,
        (60, "fallback", "tickers"): 1,
    }


async def test_old_candles_are_forgotten(observer: Observer, database: Database) -> None:
    await look(observer, opens_at(1))
    first = observer.windows[BTC][0].open_time
    number = 250
    while (opens_at(number).timestamp() / 3600) % PRUNED_EVERY:
        number += 1
    await look(observer, opens_at(number))
    async with database.transaction() as tx:
        assert await tx.scalar(select(CandleRow.close).where(CandleRow.open_time == first))
    await look(observer, opens_at(number + 1))
    async with database.transaction() as tx:
        oldest = await tx.scalar(select(CandleRow.open_time).order_by(CandleRow.open_time))
    assert oldest == opens_at(number - 50)


async def test_two_workers_may_store_the_same_candle(
    observer: Observer, database: Database
) -> None:
    await look(observer, opens_at(5))
    other = Observer(database, [ScriptedMarket()], market_settings())
    other.windows = {BTC: observer.windows[BTC][:-1]}
    await look(other, opens_at(5))
    assert other.windows == observer.windows
