"""Do the pages, the paper venue and the claim read what was last believed?"""

from datetime import timedelta
from decimal import Decimal

from nexus.core.db import Database
from nexus.market.observe import Observer
from nexus.market.queries import Price, calls_since, last_prices, prices_of, recent_candles
from tests.market.candles import BTC, START, opens_at
from tests.market.scripted import ScriptedMarket, look, market_settings

ETH = "ETH/USDT"


async def test_nothing_is_known_before_the_first_look(database: Database) -> None:
    async with database.transaction() as tx:
        assert await last_prices(tx) == {}
        assert await recent_candles(tx, BTC, "1h", 10) == []
        assert await calls_since(tx, START) == 0
    assert await prices_of(database)([BTC]) == {}


async def test_the_last_prices_are_read_with_their_time(database: Database) -> None:
    await look(Observer(database, [ScriptedMarket()], market_settings(BTC, ETH)), START)
    price = Price(Decimal(100), START)
    async with database.transaction() as tx:
        assert await last_prices(tx) == {BTC: price, ETH: price}
        assert await last_prices(tx, [ETH, "DOGE/USDT"]) == {ETH: price}
    assert await prices_of(database)([BTC]) == {BTC: Decimal(100)}


async def test_the_newest_candles_are_read_oldest_first(database: Database) -> None:
    await look(Observer(database, [ScriptedMarket()], market_settings(BTC, ETH)), opens_at(9))
    async with database.transaction() as tx:
        rows = await recent_candles(tx, BTC, "1h", 2)
        assert await recent_candles(tx, BTC, "5m", 2) == []
    assert [(row.symbol, row.open_time) for row in rows] == [(BTC, opens_at(7)), (BTC, opens_at(8))]


async def test_calls_are_summed_from_a_moment_on(database: Database) -> None:
    observer = Observer(database, [ScriptedMarket()], market_settings())
    for minutes in (0, 1, 2):
        await look(observer, START + timedelta(minutes=minutes))
    async with database.transaction() as tx:
        assert await calls_since(tx, START) == 4
        assert await calls_since(tx, START + timedelta(minutes=1)) == 2
