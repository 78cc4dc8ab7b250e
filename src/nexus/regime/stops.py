"""What does a stop switch forbid? Its name says it, to the gate and to the claim alike.

`everything` and `strategy:<name>` forbid every order: what bots hold, they keep. With `entries:`
before the name only what buys is forbidden, and exits are followed.
"""

from collections.abc import Set as AbstractSet
from typing import Final

EVERYTHING: Final = "everything"
ENTRIES: Final = "entries:"


def stop_of(stopped: AbstractSet[str], strategy: str, *, buys: bool) -> str | None:
    """Name the switch that forbids a strategy to buy, or to sell; None when none does."""
    names = [EVERYTHING, f"strategy:{strategy}"]
    if buys:
        names += [f"{ENTRIES}{name}" for name in names]
    return next((name for name in names if name in stopped), None)
