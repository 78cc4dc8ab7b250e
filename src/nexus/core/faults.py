"""Where may a process break on purpose? At named points, which do nothing unless a plan is loaded.

`make prove` loads one to show what happens to an order when its worker dies at the worst moment.
A plan is text: `claimed=0.01,sent=0.02` kills the process with that chance at those points, and
`claimed:end=0.01` tells it to end there, as a deploy does.
"""

import os
import random
import signal
from collections.abc import Mapping
from typing import Final

POINTS: Final = frozenset({"claimed", "sent", "recorded", "swept"})
"""After a claim has committed, after the exchange answered, after that was recorded, in a sweep."""
SIGNALS: Final = {"kill": signal.SIGKILL, "end": signal.SIGTERM}

_chances: Mapping[str, float] = {}
_dice = random.Random()  # noqa: S311  it decides when to break, not what is secret


def load_faults(plan: str, seed: int) -> None:
    """Break at these points from now on; raise ValueError for a plan that is none."""
    global _chances  # noqa: PLW0603  one plan per process, loaded once at its start
    pairs = dict(part.split("=", 1) for part in plan.split(",") if part)
    known = {f"{point}:{way}" for point in POINTS for way in SIGNALS}
    chances = {name if ":" in name else f"{name}:kill": float(pairs[name]) for name in pairs}
    if not set(chances) <= known:
        raise ValueError(f"the points are {', '.join(sorted(POINTS))}, alone or with :end")
    _chances = chances
    _dice.seed(seed)


def reach(point: str) -> None:
    """Die here without a word, as by `kill -9`, or be told to end, if plan and dice say so."""
    if not _chances:
        return
    for way, number in SIGNALS.items():
        chance = _chances.get(f"{point}:{way}")
        if chance is not None and _dice.random() < chance:
            os.write(2, f"fault reached={point}:{way}\n".encode())
            os.kill(os.getpid(), number)
