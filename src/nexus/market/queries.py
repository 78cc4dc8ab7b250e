"""What do we know of the market? Reads for the pages, the paper venue and the claim."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.market.models import CandleRow, MarketCall, TickerRow


@dataclass(frozen=True, slots=True)
class Price:
    """The last price believed, and when it was true."""

    price: Decimal
    at: datetime


async def last_prices(tx: Transaction, symbols: Sequence[str] | None = None) -> dict[str, Price]:
    """Read the last believed price of each symbol; a symbol without one is left out."""
    query = select(TickerRow.symbol, TickerRow.price, TickerRow.at)
    if symbols is not None:
        query = query.where(TickerRow.symbol.in_(symbols))
    return {row.symbol: Price(row.price, row.at) for row in await tx.execute(query)}


async def fresh_prices(tx: Transaction, stale_seconds: int) -> dict[str, Decimal]:
    """Read what each symbol costs now; one whose price is too old to act on is left out."""
    since = now() - timedelta(seconds=stale_seconds)
    prices = await last_prices(tx)
    return {symbol: seen.price for symbol, seen in prices.items() if seen.at >= since}


async def recent_candles(
    tx: Transaction, symbol: str, timeframe: str, limit: int
) -> list[CandleRow]:
    """Read the newest `limit` closed candles, oldest first."""
    newest = await tx.scalars(
        select(CandleRow)
        .where(CandleRow.symbol == symbol, CandleRow.timeframe == timeframe)
        .order_by(CandleRow.open_time.desc())
        .limit(limit)
    )
    return list(reversed(newest.all()))


async def calls_since(tx: Transaction, since: datetime) -> int:
    """Count the market-data calls made since a moment, by whole minutes."""
    query = select(func.coalesce(func.sum(MarketCall.calls), 0)).where(MarketCall.minute >= since)
    return int(await tx.scalar(query) or 0)


def prices_of(database: Database) -> Callable[[Sequence[str]], Awaitable[dict[str, Decimal]]]:
    """Give the paper venue its view of the market: the last believed prices."""

    async def prices(symbols: Sequence[str]) -> dict[str, Decimal]:
        async with database.transaction() as tx:
            found = await last_prices(tx, symbols)
        return {symbol: seen.price for symbol, seen in found.items()}

    return prices
