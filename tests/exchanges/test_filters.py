"""Are a venue's demands kept as it last told them?"""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.exchanges.filters import read_filters, store_filters
from nexus.exchanges.models import SymbolFilter
from nexus.exchanges.paper import plain_filters

BTC, ETH = plain_filters("BTC/USDT"), plain_filters("ETH/USDT")
AT = datetime(2026, 1, 2, tzinfo=UTC)


async def test_the_last_word_counts_per_venue(database: Database) -> None:
    halted = replace(BTC, trading=False, step_size=Decimal("0.001"))
    async with database.transaction() as tx:
        await store_filters(tx, "binance", {"BTC/USDT": BTC, "ETH/USDT": ETH})
        await store_filters(tx, "paper", {"BTC/USDT": BTC})
    with use(SetClock(AT)):
        async with database.transaction() as tx:
            await store_filters(tx, "binance", {"BTC/USDT": halted})
    async with database.transaction() as tx:
        told = await read_filters(tx, "binance", ["BTC/USDT", "ETH/USDT", "NO/USDT"])
        paper = await read_filters(tx, "paper", ["BTC/USDT", "ETH/USDT"])
        newest = await tx.scalar(
            select(SymbolFilter.read_at).where(
                SymbolFilter.venue == "binance", SymbolFilter.symbol == "BTC/USDT"
            )
        )
    assert told == {"BTC/USDT": halted, "ETH/USDT": ETH}
    assert paper == {"BTC/USDT": BTC}
    assert newest == AT


async def test_nothing_told_changes_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        await store_filters(tx, "binance", {"BTC/USDT": BTC})
        await store_filters(tx, "binance", {})
    async with database.transaction() as tx:
        assert await read_filters(tx, "binance", ["BTC/USDT"]) == {"BTC/USDT": BTC}
