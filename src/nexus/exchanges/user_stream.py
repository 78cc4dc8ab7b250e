"""What can an exchange tell us of an account without being asked? Facts, the same for every venue.

A stream is never whole: it breaks, and what happened meanwhile is not told again. So it says from
when on something may be missing (`Missed`), and whoever listens asks for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from nexus.exchanges.protocol import Fill, VenueStatus


@dataclass(frozen=True, slots=True)
class OrderHeard:
    """An order of an account, ours or its owner's, moved. Amounts are totals so far."""

    account_id: int
    market: str
    """The symbol as the venue writes it."""
    exchange_order_id: str
    client_order_id: str
    status: VenueStatus
    executed_quantity: Decimal
    executed_quote: Decimal
    fill: Fill | None
    """The one execution this is about, if it is about one."""


@dataclass(frozen=True, slots=True)
class BalancesHeard:
    """What an account has free of the assets that may have changed."""

    account_id: int
    free: Mapping[str, Decimal]
    at: datetime
    """The exchange's time of the last change."""


@dataclass(frozen=True, slots=True)
class MoneyMoved:
    """Money came or went without a trade: a deposit, a withdrawal, a transfer by the owner."""

    account_id: int
    asset: str


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened to an account before this moment may not have been told: ask for it."""

    account_id: int


@dataclass(frozen=True, slots=True)
class Deaf:
    """An account is not heard any more until it is tried again, and why."""

    account_id: int
    why: str
    key_refused: bool = False
    """Whether the venue refused the key, or took its rights away."""


StreamFact = OrderHeard | BalancesHeard | MoneyMoved | Missed | Deaf
Tell = Callable[[StreamFact], Awaitable[None]]
"""Takes one fact; waits while the listener is behind, which slows the connection down."""
