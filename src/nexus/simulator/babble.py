"""What may stand in an answer instead of what belongs there? HTML, nothing, or too much."""

from collections.abc import Callable
from typing import Final

import orjson

HUGE = 6_000_000


def _page(_body: bytes) -> bytes:
    return b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def _nothing(_body: bytes) -> bytes:
    return b""


def _huge(_body: bytes) -> bytes:
    return b"x" * HUGE


def _unknown_status(body: bytes) -> bytes:
    """Call the order's state something that nobody has heard of."""
    answer = orjson.loads(body)
    if isinstance(answer, dict) and "status" in answer:
        answer["status"] = "SOMETHING_NEW"
    return orjson.dumps(answer)


def _twice(body: bytes) -> bytes:
    """Tell every row of a list twice, the newest first."""
    answer = orjson.loads(body)
    return orjson.dumps((answer + answer)[::-1]) if isinstance(answer, list) else body


BODIES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "html": _page,
    "empty": _nothing,
    "huge": _huge,
    "unknown_status": _unknown_status,
    "twice": _twice,
}
"""By name: what becomes of the body that belongs there."""
