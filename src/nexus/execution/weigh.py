"""May this plan be sent at this very moment? Pure rules, asked inside the claim's transaction."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from nexus.exchanges.protocol import Side, may_trade
from nexus.execution.stop_states import SOLD_AT_STOP
from nexus.fanout.size import BPS, plain
from nexus.regime.stops import EVERYTHING, stop_of

FRESH_READING_TICKS = 3
"""A reading of the regime older than so many ticks is no open verdict."""


class Stoppable(Protocol):
    """What a stop can forbid: a plan, or an order that waits for its turn."""

    @property
    def action(self) -> str:
        """The decision's action, or `close`."""
        ...

    @property
    def strategy(self) -> str:
        """Whose bots a switch of its name stops."""
        ...

    @property
    def side(self) -> Side:
        """Whether it buys."""
        ...

    @property
    def bot_status(self) -> str:
        """What the bot may do."""
        ...

    @property
    def account_status(self) -> str:
        """What the account may do."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """An order that waits for its turn, with all that a stop changes."""

    action: str
    strategy: str
    side: Side
    bot_status: str
    account_status: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plan that waits, with everything that could stand against it, freshly locked."""

    plan_id: int
    action: str
    strategy: str
    side: Side
    reference_price: Decimal
    not_before: datetime
    not_after: datetime
    bot_status: str
    account_status: str
    trade_is_open: bool
    """Whether the leader is still in the trade this plan belongs to."""
    entitled: bool
    bot_busy: bool
    """An order of this bot is still open: what it does must be known first."""
    account_busy: bool
    """An order of this account is being sent: one writer at a time."""
    price: Decimal | None
    price_at: datetime | None
    entries_allowed: bool | None
    gate_code: str
    gate_at: datetime | None
    limit_refusal: str = ""
    """Which of its owner's own limits forbids this entry now."""
    stop_rests: bool = False
    """Whether a stop of this bot may still sell at the exchange."""
    nothing_left: bool = False
    """Whether the stop at the exchange has sold all that was to be sold."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send it now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now; ask again soon."""

    why: str


@dataclass(frozen=True, slots=True)
class FreeFirst:
    """Not before the stop at the exchange is cancelled that locks what is to be sold."""


@dataclass(frozen=True, slots=True)
class Deny:
    """Never: we refuse, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Expire:
    """Never: it is too old."""

    reason: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers the rules need."""

    slippage_cap_bps: Decimal
    price_max_age: timedelta
    gate_max_age: timedelta


Answer = Send | Wait | FreeFirst | Deny | Expire


def weigh(plan: Candidate, at: datetime, stopped: AbstractSet[str], limits: Limits) -> Answer:
    """Weigh one plan: what forbids it for good, then what makes it wait."""
    if at > plan.not_after:
        return Expire(f"TOO_OLD: not_after={plan.not_after.isoformat(timespec='seconds')}")
    refusal = _standing(plan, stopped)
    if refusal is not None:
        return refusal
    if at < plan.not_before:
        return Wait("another attempt is due later")
    if plan.bot_busy or plan.account_busy:
        return Wait("an earlier order is not settled yet")
    if plan.action == "close":
        return _sale(plan)
    if plan.price is None or plan.price_at is None or at - plan.price_at > limits.price_max_age:
        return Wait("there is no fresh price")
    return _gate(plan, at, limits) if plan.side is Side.BUY else _sale(plan)


def _sale(plan: Candidate) -> Answer:
    """Let a sale go once nothing at the exchange locks or sells the same coins."""
    if plan.stop_rests:
        return FreeFirst()
    return Deny(SOLD_AT_STOP) if plan.nothing_left else Send()


def _standing(plan: Candidate, stopped: AbstractSet[str]) -> Deny | None:
    """Refuse what a stop, the account, the bot, the tier or the leader forbids."""
    refusal = stands_against(plan, stopped)
    if refusal is not None or plan.action == "close" or plan.side is not Side.BUY:
        return refusal
    if not plan.entitled:
        return Deny("NO_TIER: a valid tier is needed to enter a trade")
    if not plan.trade_is_open:
        return Deny("TRADE_OVER: the leader has left this trade")
    return None


def stands_against(plan: Stoppable, stopped: AbstractSet[str]) -> Deny | None:
    """Refuse what a stop, the account or the bot forbids: what somebody may change at any moment.

    Asked at the claim, and once more right before an order is signed.
    """
    if EVERYTHING in stopped:
        return Deny(f"STOPPED: switch={EVERYTHING}")
    if not may_trade(plan.account_status, plan.side):
        return Deny(f"ACCOUNT_NOT_ACTIVE: status={plan.account_status}")
    if plan.action == "close":
        return None if plan.bot_status == "closing" else _bot_refusal(plan)
    switch = stop_of(stopped, plan.strategy, buys=plan.side is Side.BUY)
    if switch is not None:
        return Deny(f"STOPPED: switch={switch}")
    allowed = ("running",) if plan.side is Side.BUY else ("running", "paused")
    return None if plan.bot_status in allowed else _bot_refusal(plan)


def _bot_refusal(plan: Stoppable) -> Deny:
    return Deny(f"BOT_{plan.bot_status.upper()}: status={plan.bot_status}")


def _gate(plan: Candidate, at: datetime, limits: Limits) -> Answer:
    """Ask an entry for an open verdict now, and for a price that has not run away."""
    if plan.gate_at is None or at - plan.gate_at > limits.gate_max_age:
        return Wait("there is no fresh reading of the market")
    if not plan.entries_allowed:
        return Deny(f"GATE_CLOSED: code={plan.gate_code}")
    price = plan.price or plan.reference_price
    moved = (price / plan.reference_price - 1) * BPS
    if moved > limits.slippage_cap_bps:
        return Deny(f"SLIPPAGE: moved_bps={plain(moved)} cap_bps={plain(limits.slippage_cap_bps)}")
    return Deny(plan.limit_refusal) if plan.limit_refusal else Send()
