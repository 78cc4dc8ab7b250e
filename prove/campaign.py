"""What has been done to the house so far, and what was seen of it?"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prove.house import House


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop that has been committed: of one bot, or of everything.

    It is told by order numbers and not by clocks, which jump: numbers are given under the very
    locks a stop takes, so a later number is a later claim.
    """

    at: datetime
    bot_id: int | None
    after_order: int
    until_order: int | None = None
    exits_too: bool = False
    after_resting: int = 0
    until_resting: int | None = None
    """The same of the numbers of stops that rest at the exchange."""

    def forbids(self, order_id: int, bot_id: int, side: str) -> bool:
        """Say whether an order that was claimed with this number should not have been."""
        if self.bot_id not in (None, bot_id) or (side == "sell" and not self.exits_too):
            return False
        return order_id > self.after_order and (
            self.until_order is None or order_id <= self.until_order
        )

    def forbids_resting(self, stop_id: int, bot_id: int) -> bool:
        """Say whether a stop that was claimed with this number should not have been placed."""
        if self.bot_id not in (None, bot_id) or not self.exits_too:
            return False
        return stop_id > self.after_resting and (
            self.until_resting is None or stop_id <= self.until_resting
        )


@dataclass(frozen=True, slots=True)
class Fire:
    """A fault that has been seen to happen, and when it was over."""

    name: str
    over: datetime


@dataclass
class Campaign:
    """What was broken, the dice it is done by, and the evidence."""

    house: House
    dice: random.Random
    seconds: float = 0.0
    ordered: Counter[str] = field(default_factory=Counter)
    """What was asked for; whether it came about is another matter."""
    fires: list[Fire] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    revoked: dict[int, int] = field(default_factory=dict)
    """Accounts of the exchange whose key it has revoked, and when, in its milliseconds."""
    refills: list[timedelta] = field(default_factory=list)
    """How long each time until the UNLOGGED tables had prices again."""


Fault = Callable[[Campaign], Awaitable[bool]]
"""Breaks something; True when it was seen to happen. What the exchange does, it records itself."""
