"""What did we see? The shapes that every later stage reads; nothing here does anything."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Health(StrEnum):
    """Whether what we see of a symbol can be acted on."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed candle. `gap_before` marks missing candles right before it."""

    open_time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    gap_before: bool = False


@dataclass(frozen=True)
class Candles:
    """Closed candles of one symbol, oldest first, gaps marked and never filled.

    The arrays are floats, for indicators only; nothing that becomes an order is read from them.
    """

    symbol: str
    timeframe: timedelta
    rows: tuple[Candle, ...]

    @cached_property
    def high(self) -> Floats:
        """The highs, oldest first."""
        return np.fromiter((float(row.high) for row in self.rows), np.float64, len(self.rows))

    @cached_property
    def low(self) -> Floats:
        """The lows, oldest first."""
        return np.fromiter((float(row.low) for row in self.rows), np.float64, len(self.rows))

    @cached_property
    def close(self) -> Floats:
        """The closes, oldest first."""
        return np.fromiter((float(row.close) for row in self.rows), np.float64, len(self.rows))

    @property
    def last(self) -> Candle:
        """The newest closed candle; IndexError when there is none."""
        return self.rows[-1]

    def since_gap(self) -> int:
        """Count the candles since the newest gap, the one right after it included."""
        for age, row in enumerate(reversed(self.rows), start=1):
            if row.gap_before:
                return age
        return len(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two sources do not see the same price."""

    source: str
    price: Decimal
    other_source: str
    other_price: Decimal


@dataclass(frozen=True)
class SymbolView:
    """One symbol as seen at one tick."""

    symbol: str
    price: Decimal | None
    price_at: datetime | None
    candles: Candles
    health: Health
    source: str
    dispute: Dispute | None = None

    def age(self, at: datetime) -> float | None:
        """Say how old the price is at `at`, in seconds; None without a price."""
        return None if self.price_at is None else (at - self.price_at).total_seconds()


@dataclass(frozen=True)
class MarketSnapshot:
    """Everything seen at one tick, shared by everyone."""

    at: datetime
    symbols: dict[str, SymbolView]
    calls: int
    """Market-data calls this look cost."""
    refused: dict[str, int] = field(default_factory=dict)
    """Bad values refused in this look, by kind."""
