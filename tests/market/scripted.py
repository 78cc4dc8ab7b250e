"""Where do the tests' prices come from? A source that says what it was told to, and counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from nexus.exchanges.market_data import RawCandle, RawTicker
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.market.observe import Observer
from nexus.market.snapshot import MarketSnapshot
from nexus.settings import MarketSettings
from tests.market.candles import BTC, HOUR, START, raw_candle


@dataclass
class ScriptedMarket:
    """A source whose candles are all at 100 unless `candles_of` says otherwise."""

    name: str = "primary"
    at: datetime = START
    price: Decimal = Decimal(100)
    price_at: datetime | None = None
    """When the price was true; None: just now."""
    away: bool = False
    candles_away: bool = False
    candles_of: dict[str, list[RawCandle]] = field(default_factory=dict)
    tickers_said: list[RawTicker] | None = None
    asked: Counter[str] = field(default_factory=Counter)

    async def tickers(self, symbols: Sequence[str]) -> list[RawTicker]:
        self._answer("tickers", away=self.away)
        if self.tickers_said is not None:
            return self.tickers_said
        return [RawTicker(symbol, self.price, self.price_at or self.at) for symbol in symbols]

    async def candles(
        self, symbol: str, timeframe: str, since: datetime, limit: int
    ) -> list[RawCandle]:
        assert timeframe == "1h"
        self._answer(f"candles {symbol}", away=self.away or self.candles_away)
        rows = self.candles_of.get(symbol)
        if rows is None:
            first = -((START - since) // HOUR)
            rows = [raw_candle(number) for number in range(first, first + limit)]
        return [row for row in rows if since <= row.open_time <= self.at][:limit]

    async def close(self) -> None:
        """Do nothing: there is nothing open."""

    def _answer(self, question: str, *, away: bool) -> None:
        self.asked[question] += 1
        if away:
            raise ExchangeAwayError(f"{self.name} is away")


def market_settings(*symbols: str, **changes: object) -> MarketSettings:
    """Give settings for hourly candles and a short history."""
    values = {
        "symbols": symbols or (BTC,), "timeframe": "1h", "market_history_candles": 50,
        "market_compare_seconds": 0,
    }  # fmt: skip
    return MarketSettings.model_validate({**values, **changes})


async def look(observer: Observer, at: datetime) -> MarketSnapshot:
    """Take a look at a moment to which all scripted sources have come."""
    for source in observer.sources:
        assert isinstance(source, ScriptedMarket)
        source.at = at
    snapshot = await observer.observe(at)
    async with observer.database.transaction() as tx:
        await observer.store(tx)
    return snapshot
