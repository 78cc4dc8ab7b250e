"""What does every venue owe us? The one border between Nexus and an exchange.

Words: an order is *denied* by us, *rejected* by the venue, *not placed* when the venue surely
never started it, *unclear* when nobody can know yet. Unclear is answered by asking, never by
sending again.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "buy"
    SELL = "sell"


def may_trade(account_status: str, side: Side) -> bool:
    """Say whether an account may do this: one that was paused, or is in doubt, only sells."""
    return account_status == "active" or (
        side is Side.SELL and account_status in ("paused", "exits_only")
    )


class VenueStatus(StrEnum):
    """What the venue says of an order."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a venue demands of an order in one symbol; a step of 0 is switched off."""

    symbol: str
    tick_size: Decimal
    step_size: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    min_notional: Decimal
    trading: bool = True
    quote_volume: Decimal | None = None
    """What was traded of it in the last 24 hours, in quote units; None when nobody said."""
    last_price: Decimal | None = None
    rests_stops: bool = False
    """Whether the venue lets a sale at the market rest until the price comes to a stop."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a venue can do and what it costs, as published."""

    venue: str
    taker_fee_bps: Decimal
    client_id_pattern: str
    client_id_unique_among: str
    """Among which orders the venue refuses a client id that it has seen."""
    finds_by_client_id: bool
    client_id_drops: str = ""
    """Letters of our ids that the venue does not take; the adapter leaves them out."""
    regions_refused: tuple[str, ...] = ()
    rests_stops: bool = False
    """Whether we let a protective stop rest there, in the symbols that allow it."""
    user_stream: bool = False
    limits_count: str = "nothing"
    """What the venue's request limits are counted by."""
    source: str = "our own"
    """Where this was read."""

    @property
    def round_trip_bps(self) -> Decimal:
        """Buying and selling once, in hundredths of a percent."""
        return self.taker_fee_bps * 2


@dataclass(frozen=True, slots=True)
class Account:
    """The account an order belongs to. It carries no secret: adapters open keys themselves."""

    id: int
    venue: str
    egress: str
    key_version: int


@dataclass(frozen=True, slots=True)
class Intent:
    """A market order, or a stop that rests, as written down before it is sent."""

    order_id: int
    account: Account
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    """Base units, already rounded down to the venue's step."""
    reference_price: Decimal
    """The price it was planned at."""
    sent_at: datetime | None = None
    """When the claim was written. No copy of the order may start later than this and
    `RECV_WINDOW_MS`, however long it waited in this process. None: when `send` was called."""
    stop_price: Decimal | None = None
    """Set on a stop: it rests until the price is at or below this, then sells at the market."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution, as the venue reports it."""

    trade_id: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What the venue says of one order of ours."""

    exchange_order_id: str
    client_order_id: str
    status: VenueStatus
    executed_quantity: Decimal
    executed_quote: Decimal
    fills: tuple[Fill, ...] = ()
    """Every fill so far; empty with `executed_quantity > 0` means they must be fetched."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue took the order."""

    report: Report


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue refused this order for good; sending it again would be refused again."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """The order surely did not start (rate limit, clock, signature); a later one may."""

    code: int
    message: str
    retry_after: float = 0
    key_invalid: bool = False
    """The venue no longer accepts this key: the account must be stopped and told once."""
    final: bool = False
    """We refused and would again: the plan ends as denied, with `message` as its reason."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody can know: a timeout, a 5xx, an unreadable answer. Must be asked for."""

    why: str
    exists: bool = False
    """True when the venue said 'duplicate': an order with our id exists, adopt it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose account a key opens, as the venue says it."""

    uid: str
    """The account's number at the venue; the same for all of its keys."""
    kind: str
    can_trade: bool
    free: Mapping[str, Decimal]


Outcome = Accepted | Rejected | NotPlaced | Unclear


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one intent."""

    intent: Intent
    outcome: Outcome
    extra: dict[str, str] = field(default_factory=dict)


class ExchangeAwayError(Exception):
    """The venue could not be asked just now; ask again later."""

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds until it may be asked again, where that is known."""


class VenueRefusalError(ExchangeAwayError):
    """The venue was asked and would not answer: its status and its own code say why."""

    def __init__(self, message: str, status: int, code: int | None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class KeyInvalidError(VenueRefusalError):
    """The venue does not accept the account's key any more."""


class Exchange(Protocol):
    """One venue. Every adapter passes the conformance kit in `tests/exchanges/conformance.py`."""

    capabilities: Capabilities

    def send(self, intents: Sequence[Intent]) -> AsyncGenerator[Answer]:
        """Send each order exactly once, at most `ORDER_CONCURRENCY` at a time.

        Yields every intent's answer as it comes, in any order; never raises for one order.
        """
        ...

    async def find(self, account: Account, symbol: str, client_order_id: str) -> Report | None:
        """Look an order of ours up, with its fills; None when the venue does not know it.

        Raises ExchangeAwayError when the venue could not be asked.
        """
        ...

    async def cancel(self, account: Account, symbol: str, client_order_id: str) -> Outcome:
        """Cancel an order of ours that rests; asking again for the same one does no harm.

        Accepted: it has ended, as reported. Rejected: no such order is open, so ask what became
        of it. NotPlaced: the request surely did not start. Unclear: ask.
        """
        ...

    async def balances(self, account: Account) -> dict[str, Decimal]:
        """Read the free balance per asset. Never called on the path of a decision."""
        ...

    async def filters(self, symbols: Sequence[str]) -> dict[str, Filters]:
        """Read what the venue demands of orders in each symbol."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...
