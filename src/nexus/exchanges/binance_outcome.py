"""What became of an order sent to Binance? Judged by its own numeric code, never by a class.

The rule of the house: when it is not certain that the order never started, it is unclear, and
unclear is answered by asking. Every code that is not listed here is unclear.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from nexus.exchanges.binance_answers import UnreadableError, read_order
from nexus.exchanges.protocol import (
    Accepted,
    ExchangeAwayError,
    NotPlaced,
    Outcome,
    Rejected,
    Unclear,
)

T = TypeVar("T")
UNREADABLE: Final = object()
"""The body of a reply that is not whole, or not JSON."""

REFUSED_FOR_GOOD = {-1013, -1014, -2010} | set(range(-1199, -1099))
"""Filters, composition, balance, and every mistake in a parameter (-11xx)."""
REFUSED_FOR_NOW = {-1002, -1003, -1015, -1021, -1022, -2014, -2015}
KEY_INVALID = {-2014, -2015}
CLOCK_REFUSED = -1021
NO_SUCH_ORDER = -2013
TOO_MUCH_WEIGHT = -1003
TOO_MANY_ORDERS = -1015
BAD_REQUEST, FORBIDDEN, BANNED, SLOW_DOWN, SERVER_ERROR = 400, 403, 418, 429, 500
PAUSES = {SLOW_DOWN: 60.0, BANNED: 120.0}
"""Seconds to stay away when the answer does not say how long; bans begin at two minutes."""
ORDER_WINDOW_SECONDS = 10.0
MESSAGE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status, headers, and the JSON body or UNREADABLE."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> int | None:
        """The exchange's own error code, if it gave one."""
        code = self.body.get("code") if isinstance(self.body, dict) else None
        return code if isinstance(code, int) else None

    @property
    def message(self) -> str:
        """The exchange's own words, cut to a sensible length."""
        return str(self.body.get("msg", ""))[:MESSAGE_LENGTH] if self.code is not None else ""

    @property
    def ok(self) -> bool:
        """Whether it is a readable answer to what was asked."""
        return self.status < BAD_REQUEST and self.body is not UNREADABLE and self.code is None


def read_outcome(reply: Reply, client_order_id: str) -> Outcome:
    """Judge the reply to a new order."""
    if reply.status in PAUSES:
        code = reply.code if reply.code in REFUSED_FOR_NOW else TOO_MUCH_WEIGHT
        return NotPlaced(code or 0, reply.message, retry_after=stay_away(reply))
    if reply.status >= SERVER_ERROR or reply.status == FORBIDDEN:
        return Unclear(f"HTTP {reply.status} {reply.message}".strip())
    if reply.body is UNREADABLE:
        return Unclear(f"HTTP {reply.status} with an unreadable body")
    if reply.status < BAD_REQUEST:
        return _read_acceptance(reply, client_order_id)
    return _read_refusal(reply)


def read_answer(reply: Reply, reader: Callable[[Any], T]) -> T:
    """Read a good reply to a question with `reader`; raises ExchangeAwayError for any other."""
    if not reply.ok:
        told = f"HTTP {reply.status} {reply.code or ''} {reply.message}".strip()
        raise ExchangeAwayError(f"Binance did not answer: {told}")
    try:
        return reader(reply.body)
    except (UnreadableError, KeyError, TypeError, ValueError) as error:
        raise ExchangeAwayError(f"Binance's answer cannot be read: {error}") from error


def stay_away(reply: Reply) -> float:
    """Say how many seconds this address must be silent; 0 when it need not.

    Too many *orders* is about one account, not about the address.
    """
    pause = PAUSES.get(reply.status)
    if pause is None and reply.code not in {TOO_MUCH_WEIGHT, TOO_MANY_ORDERS}:
        return 0
    told = reply.headers.get("Retry-After", "")
    if told.isdecimal():
        return float(told)
    return ORDER_WINDOW_SECONDS if reply.code == TOO_MANY_ORDERS else pause or PAUSES[SLOW_DOWN]


def _read_acceptance(reply: Reply, client_order_id: str) -> Accepted | Unclear:
    """Believe an acceptance only when it is whole and about our order."""
    try:
        report = read_order(reply.body)
    except UnreadableError as error:
        return Unclear(f"HTTP {reply.status}, but {error}")
    if report.client_order_id != client_order_id:
        return Unclear(f"HTTP {reply.status}, but about another order")
    return Accepted(report)


def _read_refusal(reply: Reply) -> Outcome:
    """Read a refusal by its code; one that is not listed proves nothing."""
    code, message = reply.code, reply.message
    if code == -2010 and "duplicate" in message.lower():  # noqa: PLR2004  Binance's number
        return Unclear(message, exists=True)
    if code in REFUSED_FOR_GOOD:
        return Rejected(code, message)
    if code in REFUSED_FOR_NOW:
        return NotPlaced(
            code, message, retry_after=stay_away(reply), key_invalid=code in KEY_INVALID
        )
    return Unclear(f"HTTP {reply.status} {code or ''} {message}".strip())
