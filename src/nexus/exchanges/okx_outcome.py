"""What became of an order sent to OKX? Judged by its own codes; what is not listed is unclear.

An order's own code stands in its row (`sCode`), a refusal of the request in `code`. Most
refusals come with HTTP 200.
"""

from decimal import Decimal

from nexus.exchanges.answers import UnreadableError
from nexus.exchanges.okx_answers import okx_client_id, read_row
from nexus.exchanges.protocol import (
    Accepted,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    Unclear,
    VenueStatus,
)
from nexus.exchanges.wire import MESSAGE_LENGTH, UNREADABLE, Reply, Silence

REFUSED_FOR_GOOD = {
    50002, 50006, 50014, 50015, 50016, 50024,
    51000, 51001, 51002, 51003, 51004, 51005, 51006, 51008, 51010, 51012, 51014, 51015, 51020,
    51119, 51120, 51121, 51122, 51127, 51131,
}  # fmt: skip
"""Parameters, instrument, balance, and size."""
REFUSED_FOR_NOW = {50011, 50061, 50102, 50103, 50104, 50106, 50107, 50112, 50113}
"""Too many requests of this account, a clock that is off, a signature."""
KEY_INVALID = frozenset({50100, 50101, 50105, 50110, 50111, 50114, 50119})
"""The key is frozen, unknown, of another address, or its passphrase is wrong."""
DUPLICATE = 51016
NO_SUCH_ORDER = 51603
FORBIDDEN, SLOW_DOWN, SERVER_ERROR = 403, 429, 500
ORDER_WINDOW_SECONDS = 2
SILENCE_SECONDS = 60


def read_okx_outcome(reply: Reply, client_order_id: str) -> Outcome:
    """Judge the reply to a new order. An acceptance says nothing of fills."""
    if reply.status == SLOW_DOWN:
        return NotPlaced(reply.code or SLOW_DOWN, reply.message, ORDER_WINDOW_SECONDS)
    if reply.status >= SERVER_ERROR or reply.status == FORBIDDEN:
        return Unclear(f"HTTP {reply.status} {reply.message}".strip())
    if reply.body is UNREADABLE:
        return Unclear(f"HTTP {reply.status} with an unreadable body")
    code, message = _verdict(reply)
    if code == 0:
        return _read_acceptance(reply, client_order_id)
    if code == DUPLICATE:
        return Unclear(message, exists=True)
    if code in REFUSED_FOR_GOOD:
        return Rejected(code, message)
    if code in REFUSED_FOR_NOW | KEY_INVALID:
        return NotPlaced(code, message, ORDER_WINDOW_SECONDS, key_invalid=code in KEY_INVALID)
    return Unclear(f"HTTP {reply.status} {code} {message}".strip())


def silence(reply: Reply) -> Silence | None:
    """Read whether the whole address must be silent.

    Where OKX itself says 429 (`50011`) it means one account at one endpoint. A 429 without its
    code comes from the wall before it, and that one counts addresses.
    """
    if reply.status == SLOW_DOWN and reply.code is None:
        return Silence(SILENCE_SECONDS)
    return None


def _verdict(reply: Reply) -> tuple[int, str]:
    """Give the code that counts and its words: the order's own, where there is one."""
    try:
        row = read_row(reply.body)
    except UnreadableError:
        return reply.code or -1, reply.message
    told = str(row.get("sCode", ""))
    if not told.isdecimal():
        return reply.code or -1, reply.message
    if int(told) == 0 and reply.code is not None:
        return reply.code, reply.message
    return int(told), str(row.get("sMsg", ""))[:MESSAGE_LENGTH]


def _read_acceptance(reply: Reply, client_order_id: str) -> Outcome:
    """Believe an acceptance only when it is whole and about our order."""
    row = read_row(reply.body)
    if not row.get("ordId") or row.get("clOrdId") != okx_client_id(client_order_id):
        return Unclear(f"HTTP {reply.status}, but about another order")
    report = Report(str(row["ordId"]), client_order_id, VenueStatus.NEW, Decimal(0), Decimal(0))
    return Accepted(report)
