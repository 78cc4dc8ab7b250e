"""What shall go wrong on purpose, where, and how often?

A fault waits until a request or an event fits it, and is used up after `times`.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from nexus.simulator.babble import BODIES
from nexus.simulator.errors import SimulatorError

# Before the request runs: wait; answer with an error instead; break the connection.
LATENCY, REFUSE, RESET = "latency", "refuse", "reset"
# After it has run, so that its outcome is unknown to the client.
LOSE, HANG, TRUNCATE, GARBLE, FAIL = "lose", "hang", "truncate", "garble", "fail"
BABBLE = "babble"
# The book gives a market order only a share of what it wants.
PARTIAL = "partial"
DROP_EVENT, DUPLICATE_EVENT, DELAY_EVENT = "drop_event", "duplicate_event", "delay_event"

BEFORE = (REFUSE, RESET)
AFTER = (LOSE, HANG, TRUNCATE, GARBLE, FAIL, BABBLE)
EVENTS = (DROP_EVENT, DUPLICATE_EVENT, DELAY_EVENT)
KINDS = (LATENCY, *BEFORE, *AFTER, PARTIAL, *EVENTS)
ANY = "*"


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong. `where` is `POST /api/v3/order`, an event's name, or `*`.

    `times` of None goes on until it is taken back. `seconds` belongs to latency, hang and
    delay_event, and is the Retry-After of a 429; `status`, `code` and `msg` to refuse and fail;
    `share` to partial; `body` to babble (`babble.py` names them). Of the requests that fit only
    each `every`-th goes wrong. `label` is what the record calls it.
    """

    kind: str
    where: str = ANY
    uid: int | None = None
    times: int | None = 1
    seconds: float = 1.0
    status: int = 503
    code: int = -1008
    msg: str = (
        "Server is currently overloaded with other requests. Please try again in a few minutes."
    )
    share: Decimal = Decimal("0.5")
    body: str = "html"
    every: int = 1
    label: str = ""
    met: int = 0
    """How many requests have fitted so far."""

    def fits(self, kinds: Collection[str], where: str, uid: int | None) -> bool:
        return (
            self.kind in kinds
            and self.where in (ANY, where)
            and self.uid in (None, uid)
            and self.times != 0
        )


class Faults:
    """Every fault that still waits, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, kinds: Collection[str], where: str, uid: int | None) -> Fault | None:
        """Return the first fault that fits, and use it up once."""
        for fault in self.waiting:
            if fault.fits(kinds, where, uid):
                fault.met += 1
                if fault.met % fault.every:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    self.waiting = [one for one in self.waiting if one.times != 0]
                return fault
        return None

    def clear(self, label: str | None) -> None:
        """Take back every fault, or those of one label."""
        self.waiting = [one for one in self.waiting if label not in (None, one.label)]


def read_fault(data: dict[str, Any]) -> Fault:
    """Read a fault as sent to the control interface. SimulatorError says what is wrong."""
    known = {one.name for one in fields(Fault)} - {"met"}
    if data.get("kind") not in KINDS:
        raise SimulatorError(f"Send a kind: one of {', '.join(KINDS)}.")
    if unknown := sorted(set(data) - known):
        raise SimulatorError(f"{unknown[0]} is unknown; a fault has {', '.join(sorted(known))}.")
    _check_numbers(data)
    try:
        fault = Fault(**data | {"share": Decimal(str(data.get("share", "0.5")))})
    except InvalidOperation:
        raise SimulatorError("Send the share as a number from 0 to 1.") from None
    if not 0 <= fault.share <= 1:
        raise SimulatorError("Send the share as a number from 0 to 1.")
    return fault


def _check_numbers(data: dict[str, Any]) -> None:
    whole = [data.get(name, 1) for name in ("status", "code", "every")]
    whole += [data[name] for name in ("uid", "times") if data.get(name) is not None]
    seconds = data.get("seconds", 0)
    if not all(isinstance(value, int) for value in whole) or not isinstance(seconds, int | float):
        raise SimulatorError("Send uid, times, status, code, every and seconds as numbers.")
    if data.get("every", 1) < 1:
        raise SimulatorError("Send every as 1 or more.")
    if data.get("body", "html") not in BODIES:
        raise SimulatorError(f"Send a body: one of {', '.join(BODIES)}.")
