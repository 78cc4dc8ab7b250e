"""What became of an order sent to Binance? Judged by its own numeric code, never by a class.

The rule of the house: when it is not certain that the order never started, it is unclear, and
unclear is answered by asking. Every code that is not listed here is unclear.
"""

from dataclasses import replace

from nexus.exchanges.answers import UnreadableError
from nexus.exchanges.binance_answers import read_order
from nexus.exchanges.protocol import (
    Accepted,
    NotPlaced,
    Outcome,
    Rejected,
    Unclear,
)
from nexus.exchanges.wire import BAD_REQUEST, UNREADABLE, Reply

REFUSED_FOR_GOOD = {-1013, -1014, -2010} | set(range(-1199, -1099))
"""Filters, composition, balance, and every mistake in a parameter (-11xx)."""
REFUSED_FOR_NOW = {-1002, -1003, -1015, -1021, -1022, -2014, -2015}
KEY_INVALID = frozenset({-2014, -2015})
CLOCK_REFUSED = -1021
NO_SUCH_ORDER = -2013
NO_OPEN_ORDER = -2011
TOO_MUCH_WEIGHT = -1003
TOO_MANY_ORDERS = -1015
FORBIDDEN, BANNED, SLOW_DOWN, SERVER_ERROR = 403, 418, 429, 500
PAUSES = {SLOW_DOWN: 60.0, BANNED: 120.0}
"""Seconds to stay away when the answer does not say how long; bans begin at two minutes."""
ORDER_WINDOW_SECONDS = 10.0


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


def read_cancel(reply: Reply, client_order_id: str) -> Outcome:
    """Judge the reply to a cancel: one that was accepted reports the order as it ended."""
    if isinstance(reply.body, dict) and reply.status < BAD_REQUEST:
        told = reply.body | {"clientOrderId": reply.body.get("origClientOrderId")}
        return read_outcome(replace(reply, body=told), client_order_id)
    if reply.code == NO_OPEN_ORDER and reply.status < SERVER_ERROR:
        return Rejected(NO_OPEN_ORDER, reply.message)
    return read_outcome(reply, client_order_id)


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
