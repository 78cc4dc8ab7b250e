"""When is a sale that failed tried again? By rules of its own: ever more slowly, and not for ever.

A close is its owner's wish to be out of a trade, so one refusal does not end it. Each try is a
request of its own, with its own plan and its own client order id; it is planned anew, from what
the bot holds by then, so nothing is sold twice.
"""

from datetime import timedelta
from typing import Final

WAITS: Final = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
)
"""How long after each failed try the next one waits."""
TRIES: Final = len(WAITS) + 1


def wait_after(attempt: int) -> timedelta | None:
    """Say how long to wait after this try failed; None when it was the last."""
    return WAITS[attempt - 1] if attempt <= len(WAITS) else None
