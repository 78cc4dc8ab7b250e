"""What time is it? The only place that asks the machine.

Everything else calls `now()`, so a replay can run years of candles in minutes by putting its
own clock in place with `use(clock)`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol


class Clock(Protocol):
    """Anything that knows the time."""

    def now(self) -> datetime:
        """Say the present moment, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Say the machine's time, in UTC."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands where it was put: for replays and tests."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Say the moment it was put at."""
        return self.at


class JumpingClock:
    """The machine's clock as far off, in milliseconds, as a file says: to test what a jump does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._off = 0

    def now(self) -> datetime:
        """Say the machine's time, in UTC, put off; tell standard error when the clock jumps."""
        with suppress(OSError, ValueError):
            off = int(self._path.read_text())
            if off != self._off:
                self._off = off
                os.write(2, f"fault clock={off}\n".encode())
        return datetime.now(UTC) + timedelta(milliseconds=self._off)


SYSTEM_CLOCK: Final = SystemClock()
_clock: ContextVar[Clock] = ContextVar("nexus_clock", default=SYSTEM_CLOCK)


def now() -> datetime:
    """Say the present moment, in UTC, by the clock in force."""
    return _clock.get().now()


@contextmanager
def use(clock: Clock) -> Iterator[Clock]:
    """Put `clock` in force for this task and the tasks it starts."""
    token = _clock.set(clock)
    try:
        yield clock
    finally:
        _clock.reset(token)


def to_ms(moment: datetime) -> int:
    """Give a moment as whole milliseconds since 1970, the exchange's unit."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """Give the UTC moment of an exchange's millisecond stamp."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
