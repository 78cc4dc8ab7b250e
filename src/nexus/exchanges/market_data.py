"""What does a source of market data owe us? Raw prices and candles, not yet judged.

Numbers are what the source wrote, as `Decimal`, be they NaN, zero or absurd: the market stage
decides what it believes and counts what it refuses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RawTicker:
    """The last price of one symbol, and the source's own time for it."""

    symbol: str
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class RawCandle:
    """One candle as the source gave it; the newest one may still be open."""

    open_time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class MarketSource(Protocol):
    """One place market data comes from; every method is one call to it."""

    name: str

    async def tickers(self, symbols: Sequence[str]) -> list[RawTicker]:
        """Read the last price of all symbols in one call.

        A symbol whose answer cannot be read at all is left out. Raises ExchangeAwayError.
        """
        ...

    async def candles(
        self, symbol: str, timeframe: str, since: datetime, limit: int
    ) -> list[RawCandle]:
        """Read up to `limit` (at most 1,000) candles that opened at `since` or later.

        Oldest first, the still open one included. Raises ExchangeAwayError.
        """
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...
