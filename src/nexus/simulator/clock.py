"""What time is it on the simulated exchange, and in its market?

The only file of the simulator that reads the wall clock. Exchange time stamps orders, signatures
and limits; market time picks the price. They differ only while a file is replayed at a speed.
All times are milliseconds since the epoch, UTC.
"""

import time

from nexus.simulator.errors import SimulatorError


class RealClock:
    """Exchange time is real time; market time is the same, or runs through a file at a speed."""

    manual = False

    def __init__(self, market_start: int | None = None, speed: float = 1.0) -> None:
        self._started = self.now()
        self._market_start = market_start
        self._speed = speed

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def market_now(self) -> int:
        if self._market_start is None:
            return self.now()
        return self._market_start + int((self.now() - self._started) * self._speed)


class ManualClock:
    """Everything stands still until somebody sets the clock, and never runs backwards."""

    manual = True

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def market_now(self) -> int:
        return self._now

    def set(self, now: int) -> None:
        if now < self._now:
            message = f"The clock stands at {self._now} and cannot go back to {now}."
            raise SimulatorError(message)
        self._now = now


Clock = RealClock | ManualClock
