"""What time is it at the exchange? Measures how far our clock is off, and notices when it jumps.

An order is stamped with the exchange's time. When that is not known to half a second, nothing
is sent: the stamp is what keeps a delayed copy of a request from starting late.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from nexus.core.clock import now, to_ms
from nexus.exchanges.protocol import ExchangeAwayError

MAX_DOUBT_MS = 500
MAX_AGE_SECONDS = 60
GOOD_ENOUGH_MS = 100
ATTEMPTS = 3


class ServerClock:
    """The exchange's clock, as read through `ask` (which gives its time in milliseconds)."""

    def __init__(self, ask: Callable[[], Awaitable[int]]) -> None:
        self._ask = ask
        self._measuring = asyncio.Lock()
        self._skew_ms = 0
        self._measured_at = float("-inf")
        self._wall_ahead_ms = 0.0

    async def stamp(self) -> int:
        """Give the exchange's present time in milliseconds.

        Raises ExchangeAwayError when it is not known to half a second and cannot be measured.
        """
        if not self._known():
            async with self._measuring:
                if not self._known():
                    await self._measure()
        return to_ms(now()) + self._skew_ms

    def doubt(self) -> None:
        """Forget the measurement: the exchange has just refused a stamp of ours."""
        self._measured_at = float("-inf")

    def _known(self) -> bool:
        """Say whether the measurement is young and our clock has run evenly since."""
        young = monotonic() - self._measured_at < MAX_AGE_SECONDS
        return young and abs(_wall_ahead_ms() - self._wall_ahead_ms) <= MAX_DOUBT_MS

    async def _measure(self) -> None:
        """Ask for the time until one answer comes quickly enough; keep the quickest."""
        best_ms = float("inf")
        for _ in range(ATTEMPTS):
            asked, asked_at = to_ms(now()), monotonic()
            theirs = await self._ask()
            doubt_ms = (monotonic() - asked_at) * 1000 / 2
            if doubt_ms < best_ms:
                best_ms = doubt_ms
                self._skew_ms = theirs - (asked + to_ms(now())) // 2
            if best_ms <= GOOD_ENOUGH_MS:
                break
        if best_ms > MAX_DOUBT_MS:
            raise ExchangeAwayError(
                f"The exchange's clock is only known to {best_ms:.0f} ms, which is too little"
                " to send an order safely. Check the network; it is tried again."
            )
        self._measured_at = monotonic()
        self._wall_ahead_ms = _wall_ahead_ms()


def _wall_ahead_ms() -> float:
    """Compare the clock in force with the one that never jumps."""
    return to_ms(now()) - monotonic() * 1000
