"""What do we look at, and when do we believe it?"""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator
from pydantic_settings import NoDecode

from nexus.settings.group import Group, Listed, Percent, WebAddress

TIMEFRAMES = {
    "1s": 1, "1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1800,
    "1h": 3600, "2h": 7200, "4h": 14400, "6h": 21600, "8h": 28800, "12h": 43200, "1d": 86400,
}  # fmt: skip
"""Binance's candle lengths that a strategy may use, in seconds."""


def _known_timeframe(value: str) -> str:
    if value not in TIMEFRAMES:
        allowed = ", ".join(TIMEFRAMES)
        raise ValueError(f"must be one of {allowed}")
    return value


class MarketSettings(Group):
    """What we look at, and when we believe it."""

    symbols: Annotated[tuple[str, ...], NoDecode, Listed] = ("BTC/USDT", "ETH/USDT")
    """The symbols we trade, separated by commas."""
    timeframe: Annotated[str, AfterValidator(_known_timeframe)] = "1h"
    """The length of the candles strategies decide on."""
    tick_seconds: Annotated[int, Field(ge=5, le=30)] = 10
    """Seconds between two looks at the market."""
    exchange_url: WebAddress = "https://api.binance.com"
    """Where orders go, and the fallback for market data."""
    market_url: WebAddress = "https://data-api.binance.vision"
    """Where market data comes from first; needs no key."""
    market_history_candles: Annotated[int, Field(ge=50, le=1000)] = 500
    """How many closed candles a snapshot holds."""
    market_stale_seconds: Annotated[int, Field(ge=5, le=600)] = 45
    """A price older than this is stale: nothing trades on it."""
    market_spike_percent: Percent = Decimal(30)
    """A price this far from the one before is refused until a second source agrees."""
    market_compare_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """How often the prices are compared with those of the next source, if any; 0 is never."""
    market_dispute_bps: Annotated[Decimal, Field(gt=0, le=10_000)] = Decimal(100)
    """Two sources whose prices differ by more than this dispute them: no trade is entered."""

    @field_validator("symbols")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for symbol in value:
            base, slash, quote = symbol.partition("/")
            if not (slash and base.isalnum() and quote.isalnum() and symbol == symbol.upper()):
                raise ValueError(f"{symbol!r} is not a symbol; write BTC/USDT,ETH/USDT")
        if len(set(value)) != len(value) or not 1 <= len(value) <= 20:  # noqa: PLR2004  Binance's weight step
            raise ValueError("must name 1 to 20 different symbols")
        return value

    @property
    def timeframe_seconds(self) -> int:
        """The candle's length in seconds."""
        return TIMEFRAMES[self.timeframe]
