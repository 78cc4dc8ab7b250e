r"""Which way may a stop that rests go, and which stop should rest? The rules, pure.

    PLACING -> RESTING | REFUSED | UNKNOWN -> (asked) RESTING | REFUSED
    RESTING -> CANCELLING -> CANCELED;  any of them -> TRIGGERED, once every fill is known

A cancel may be asked for any number of times, so CANCELLING never goes back: it is asked again
until the exchange has said how the stop ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from nexus.exchanges.protocol import (
    Accepted,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    Side,
    VenueStatus,
    may_trade,
)
from nexus.execution.states import LATE_CHECKS, Step
from nexus.fanout.size import round_down

LIVE = frozenset({"PLACING", "UNKNOWN", "RESTING", "CANCELLING"})
LOCKING = frozenset({"RESTING", "CANCELLING"})
"""In these the exchange keeps what would be sold apart from what is free."""
NOT_THERE_YET = ("PLACING", "UNKNOWN")
SOON = timedelta(seconds=5)
REST_CHECK = timedelta(hours=1)
"""How long until a stop of which nothing was heard is asked about."""
CHECKS = (timedelta(seconds=15), timedelta(seconds=30))
"""After the fence: how long until each further question about one that was not found. Fewer than
for an order: while we ask, no exit of its bot can be sent."""
UNSEEN_AGAIN = timedelta(minutes=1)
SOLD_AT_STOP = "SOLD_AT_STOP: the stop at the exchange has sold it"
ENDED_BY_OTHERS = "ENDED: at the exchange, and not by us"
NOT_PLACED = "NOT_PLACED"
REFUSED_WAIT, NOT_PLACED_WAIT = timedelta(hours=1), timedelta(seconds=30)
"""How long until the same stop is wanted again, after a refusal and when it never started."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop as it rests or should."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Past:
    """The newest generation of a bot's stop in the trade it is in."""

    stop: Stop
    status: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that says which stop a bot should have."""

    switched_on: bool
    forbidden: bool
    """Whether a switch forbids every order of its strategy, sales included."""
    bot_status: str
    account_status: str
    in_trade: bool
    """Whether it holds something in the trade that the leader is in."""
    held: Decimal
    leader_stop: Decimal | None
    rests_stops: bool
    tick: Decimal
    step: Decimal
    least: Decimal
    most: Decimal
    min_notional: Decimal
    busy: bool
    """Whether a plan of its may still trade: what it holds is about to change."""
    price: Decimal | None
    resting: Stop | None
    """The stop that rests now, where one does and nothing is under way about it."""
    moving: bool
    """Whether its stop is being placed, asked about or cancelled."""
    past: Past | None


@dataclass(frozen=True, slots=True)
class Place:
    """Let this stop rest."""

    stop: Stop


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take the stop back that rests."""


def act_on(ground: Ground, at: datetime) -> Place | Cancel | None:
    """Say what is to be done about a bot's stop now.

    While a switch forbids every order, and while the key does not work, all stays as it is: what
    rests protects, and nothing new is sent. A bot that closes cancels its stop when it sells.
    """
    if ground.moving or ground.forbidden or ground.bot_status == "closing":
        return None
    if not may_trade_away(ground.account_status):
        return None
    wanted = wanted_stop(ground)
    if ground.resting is not None:
        return Cancel() if _is_wrong(ground.resting, wanted, busy=ground.busy) else None
    if wanted is None or ground.busy or _would_trigger(ground, wanted):
        return None
    return Place(wanted) if may_be_wanted_again(ground.past, wanted, at) else None


def may_trade_away(account_status: str) -> bool:
    """Say whether stops of an account can be placed and cancelled: it may sell."""
    return may_trade(account_status, Side.SELL)


def wanted_stop(ground: Ground) -> Stop | None:
    """Say which stop should rest; None when none should, or none can."""
    acts = ground.switched_on and ground.bot_status in ("running", "paused")
    if not (acts and ground.in_trade and ground.rests_stops) or ground.leader_stop is None:
        return None
    price = round_down(ground.leader_stop, ground.tick)
    quantity = round_down(min(ground.held, ground.most), ground.step)
    if quantity <= 0 or quantity < ground.least or quantity * price < ground.min_notional:
        return None
    return Stop(quantity, price)


def may_be_wanted_again(past: Past | None, wanted: Stop, at: datetime) -> bool:
    """Say whether a stop may be placed after the one before it ended as it did.

    What somebody else ended at the exchange stays ended, until another stop is wanted.
    """
    if past is None or past.stop != wanted or past.status == "TRIGGERED":
        return True
    if past.status == "CANCELED":
        return past.reason != ENDED_BY_OTHERS
    wait = NOT_PLACED_WAIT if past.reason.startswith(NOT_PLACED) else REFUSED_WAIT
    return at >= past.at + wait


def after_placing(outcome: Outcome) -> Step:
    """Say where a stop goes once its one request has been answered, or not."""
    match outcome:
        case Accepted(report):
            return after_stop_report("PLACING", report)
        case Rejected(code, message):
            return Step("REFUSED", f"REJECTED: code={code} message={message}")
        case NotPlaced(code, message):
            return Step("REFUSED", f"{NOT_PLACED}: code={code} message={message}")
    return Step("UNKNOWN", f"UNKNOWN: {outcome.why}", timedelta(0) if outcome.exists else SOON)


def after_stop_report(status: str, report: Report) -> Step:
    """Say where a stop in `status` goes once the venue has told us of it.

    It has not ended for us before every fill is known. One that had ended for us and is open after
    all stays so: it is cancelled where it is asked about.
    """
    if report.status in (VenueStatus.NEW, VenueStatus.PARTIALLY_FILLED):
        return _open(status, executed=report.executed_quantity > 0)
    if report.executed_quantity and not report.fills:
        return Step("CANCELLING" if status == "CANCELLING" else _there(status), ask_in=SOON)
    if report.executed_quantity:
        return Step("TRIGGERED")
    if status not in LIVE:
        return Step(status)
    if report.status is VenueStatus.REJECTED:
        return Step("REFUSED", "REJECTED: by the venue after it was placed")
    return Step("CANCELED", "" if status == "CANCELLING" else ENDED_BY_OTHERS)


def after_stop_not_found(status: str, checks: int, *, fenced: bool) -> Step:
    """Say where a stop goes when the venue does not know it.

    Before the fence that proves nothing; `checks` counts the questions since.
    """
    if status in LOCKING:
        # It was there before: an archive that is behind, not a stop that never was.
        return Step(status, "UNKNOWN: seen before, not found now", UNSEEN_AGAIN)
    if status in NOT_THERE_YET and not fenced:
        return Step("UNKNOWN", "UNKNOWN: not found yet", SOON)
    if status in NOT_THERE_YET and checks <= len(CHECKS):
        return Step("UNKNOWN", f"UNKNOWN: not found {checks} times", CHECKS[checks - 1])
    late = checks - len(CHECKS) - 1
    again = LATE_CHECKS[late] if 0 <= late < len(LATE_CHECKS) else None
    ended = "REFUSED" if status in NOT_THERE_YET else status
    return Step(ended, f"{NOT_PLACED}: the exchange does not know it", again)


def _is_wrong(resting: Stop, wanted: Stop | None, *, busy: bool) -> bool:
    """Say whether a stop must go; one that only differs waits until nothing else moves."""
    return wanted is None or (resting != wanted and not busy)


def _would_trigger(ground: Ground, wanted: Stop) -> bool:
    """Say whether the venue would refuse it: the price is there, and our own watch sells."""
    return ground.price is None or ground.price <= wanted.price


def _open(status: str, *, executed: bool) -> Step:
    if status in NOT_THERE_YET or status == "RESTING":
        return Step("RESTING", ask_in=SOON if executed else REST_CHECK)
    return Step(status, ask_in=SOON)


def _there(status: str) -> str:
    return "RESTING" if status in NOT_THERE_YET else status
