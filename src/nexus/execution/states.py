r"""Which way may an order go? The state machine, pure.

    SENDING -> ACKED -> FILLED | CANCELED | EXPIRED | REJECTED
       |  \--> REJECTED (the venue refused) | NOT_PLACED (it surely never started)
       v
    UNKNOWN -> (asked and found) ACKED ... | (asked, fenced, not found) NOT_PLACED

A NOT_PLACED order that is found late after all is adopted: what happened, happened.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nexus.exchanges.protocol import (
    Accepted,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    VenueStatus,
)

ENDED = frozenset({"FILLED", "CANCELED", "EXPIRED", "REJECTED", "NOT_PLACED"})
MOVES = {
    "SENDING": frozenset({"UNKNOWN", "ACKED"}) | ENDED,
    "UNKNOWN": frozenset({"ACKED"}) | ENDED,
    "ACKED": frozenset({"FILLED", "CANCELED", "EXPIRED", "REJECTED"}),
    "NOT_PLACED": frozenset({"ACKED", "FILLED", "CANCELED", "EXPIRED", "REJECTED"}),
}

VENUE_TIMEOUT, MARGIN = timedelta(seconds=10), timedelta(seconds=15)
CHECKS = (timedelta(0), timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=3))
"""After the fence: how long until each further question to the exchange."""
LATE_CHECKS = (timedelta(hours=1), timedelta(hours=23))
"""After giving up: how long until each further look, an hour and a day later."""
OPEN_CHECK = timedelta(seconds=5)
"""How long until an order that has not ended is asked about again."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where an order goes, why, and when to ask the exchange again (None: never)."""

    status: str
    reason: str = ""
    ask_in: timedelta | None = None


def after_sending(outcome: Outcome, fence: timedelta) -> Step:
    """Say where an order goes once its one request has been answered, or not."""
    match outcome:
        case Accepted(report):
            return after_report(report)
        case Rejected(code, message):
            return Step("REJECTED", f"REJECTED: code={code} message={message}")
        case NotPlaced(code, message):
            return Step("NOT_PLACED", f"NOT_PLACED: code={code} message={message}")
    return Step("UNKNOWN", f"UNKNOWN: {outcome.why}", timedelta(0) if outcome.exists else fence)


def after_report(report: Report) -> Step:
    """Say where an order goes once the venue has told us of it.

    It has not ended for us before every fill is known: positions move by fills alone.
    """
    if report.executed_quantity and not report.fills:
        return Step("ACKED", "ACKED: its fills are not known yet", OPEN_CHECK)
    match report.status:
        case VenueStatus.NEW | VenueStatus.PARTIALLY_FILLED:
            return Step("ACKED", ask_in=OPEN_CHECK)
        case VenueStatus.REJECTED:
            return Step("REJECTED", "REJECTED: by the venue after it was placed")
        case status:
            return Step(status.value)


def after_not_found(checks: int) -> Step:
    """Say where an order goes when the venue does not know it, at the `checks`-th question.

    Before the last question a not-found proves nothing. After it the order was not placed; it
    is looked for again an hour and a day later.
    """
    if checks < len(CHECKS):
        return Step("UNKNOWN", f"UNKNOWN: not found {checks} times", CHECKS[checks])
    late = checks - len(CHECKS)
    again = LATE_CHECKS[late] if late < len(LATE_CHECKS) else None
    return Step("NOT_PLACED", "NOT_PLACED: the exchange does not know it", again)


def plan_after(
    again_in: timedelta | None, at: datetime, not_after: datetime, *, used_up: bool
) -> datetime | None:
    """Say when a plan whose order has ended may be claimed again; None when it has ended, too.

    `again_in` is set only when the order surely never started.
    """
    if again_in is None or used_up or at >= not_after:
        return None
    return at + again_in


def fence_after(recv_window: timedelta) -> timedelta:
    """Say how long after sending no copy of a request can start any more.

    recvWindow, the exchange's own timeout of 10 s, and 15 s for skew and networks.
    """
    return recv_window + VENUE_TIMEOUT + MARGIN


def may_move(current: str, to: str) -> bool:
    """Say whether an order in state `current` may go to `to`."""
    return to == current or to in MOVES.get(current, frozenset())
