"""What is shown on one bot's page? Shapes only."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class BotFacts:
    """What one bot is, as far as its page needs more than its card says."""

    id: int
    strategy: str
    symbol: str
    allocation: Decimal
    cost: Decimal
    trade_id: int | None
    created_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer of a trade: what the leader did, and what came of it here."""

    number: int
    at: datetime
    price: Decimal
    """At which the leader decided."""
    quantity: Decimal
    """Base units this bot bought for it; zero when it bought none."""
    own_price: Decimal | None
    said: str


@dataclass(frozen=True, slots=True)
class BookView:
    """The leader's book beside what one bot holds."""

    leads: bool
    """Whether the leader is in a trade."""
    together: bool
    """Whether the bot is in that same trade."""
    fraction: Decimal
    """The share of its allocation that the leader wants invested, from 0 to 1."""
    own_fraction: Decimal
    peak: Decimal | None
    stop_price: Decimal | None
    average_price: Decimal | None
    layers: tuple[LayerView, ...]


@dataclass(frozen=True, slots=True)
class ReachView:
    """One decision of the leader, and whether it reached one bot."""

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
    state: str
    """`followed`, `denied`, `waiting`, `blocked`, or `none`: it was not asked."""
    said: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order of a bot; amounts in quote currency unless said otherwise."""

    id: int
    at: datetime
    symbol: str
    side: str
    action: str
    status: str
    quantity: Decimal
    """Base units that were asked for."""
    done: Decimal
    """Base units that were traded."""
    turnover: Decimal
    fees: tuple[tuple[Decimal, str], ...]
    reason: str

    @property
    def base(self) -> str:
        """Name what was traded."""
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        """Name what it was paid in."""
        return self.symbol.partition("/")[2]

    @property
    def average_price(self) -> Decimal | None:
        """Say at which price it was traded, None when nothing was."""
        return self.turnover / self.done if self.done else None


@dataclass(frozen=True, slots=True)
class SpanView:
    """A time in which the gate said the same of a symbol."""

    since: datetime
    until: datetime | None
    """None while it lasts."""
    regime: str
    shut: bool
    """Whether it let nobody enter."""
    reason: str
