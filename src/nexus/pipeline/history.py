"""Where does a replay's market come from? From recorded candles, as if they happened now."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from nexus.core.clock import now
from nexus.exchanges.market_data import RawCandle, RawTicker


class RecordedMarket:
    """A market source that tells what was known by the clock's time, and nothing later."""

    name = "recorded"

    def __init__(self, candles: Mapping[str, Sequence[RawCandle]], timeframe: timedelta) -> None:
        self.by_symbol = candles
        self.timeframe = timeframe
        self.opens = {symbol: [c.open_time for c in rows] for symbol, rows in candles.items()}

    async def tickers(self, symbols: Sequence[str]) -> list[RawTicker]:
        """Give the close of each symbol's newest closed candle, at the time it closed."""
        found = []
        for symbol in symbols:
            closed = bisect_right(self.opens[symbol], now() - self.timeframe)
            if closed:
                candle = self.by_symbol[symbol][closed - 1]
                found.append(RawTicker(symbol, candle.close, candle.open_time + self.timeframe))
        return found

    async def candles(
        self, symbol: str, timeframe: str, since: datetime, limit: int
    ) -> list[RawCandle]:
        """Give the candles that opened from `since` on and have closed by now."""
        del timeframe  # The files hold exactly one.
        first = bisect_left(self.opens[symbol], since)
        last = bisect_right(self.opens[symbol], now() - self.timeframe)
        return list(self.by_symbol[symbol][first : min(last, first + limit)])

    async def close(self) -> None:
        """Do nothing: there is nothing open."""


def count_gaps(candles: Iterable[RawCandle], timeframe: timedelta) -> int:
    """Count the places where one or more candles are missing."""
    return sum(
        later.open_time - earlier.open_time > timeframe for earlier, later in pairwise(candles)
    )
