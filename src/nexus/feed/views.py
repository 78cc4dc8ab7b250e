"""What is shown on the live page? Shapes only."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class MarketView:
    """One symbol: its price, its regime in words, and whether it can be traded now."""

    symbol: str
    base: str
    quote: str
    price: Decimal | None
    change_percent: Decimal | None
    """Since the oldest candle of the little line."""
    regime: str
    regime_reason: str
    entries_allowed: bool
    age_seconds: int | None
    stale: bool
    spark: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class FeedView:
    """One line of the live feed."""

    id: int
    at: datetime
    kind: str
    symbol: str
    title: str
    detail: str
    amount: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision: why it was made, what the gate said, and what it meant for the reader."""

    id: int
    at: datetime
    symbol: str
    action: str
    layer: int
    price: Decimal
    regime: str
    blocked: bool
    reason: str
    why: str
    you: str | None
    you_state: str
    followed: int
    bots: int
