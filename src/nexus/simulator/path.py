"""Where is the price inside one candle, at a given moment of it?

A candle tells only four prices, so the road between them is fixed: a rising candle goes
open -> low -> high -> close, a falling one open -> high -> low -> close, each in a third of its
time. Prices are integer ticks.
"""

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Road:
    """One candle's four prices (ticks) and its length in milliseconds."""

    open: int
    high: int
    low: int
    close: int
    length: int

    def points(self) -> tuple[int, int, int, int]:
        if self.close >= self.open:
            return self.open, self.low, self.high, self.close
        return self.open, self.high, self.low, self.close

    def price(self, elapsed: int) -> int:
        """Return the price `elapsed` ms after the open; the close from the last millisecond on."""
        # The last millisecond already shows the close, because that is the candle's close time.
        whole = max(self.length - 1, 1)
        thirds, rest = divmod(min(max(elapsed, 0), whole) * 3, whole)
        if thirds >= 3:  # noqa: PLR2004 - the road has three legs
            return self.close
        legs = tuple(pairwise(self.points()))
        start, end = legs[thirds]
        return start + (end - start) * rest // whole

    def extremes(self, since: int, until: int) -> tuple[int, int]:
        """Return the (lowest, highest) price from `since` to `until` ms after the open."""
        whole = max(self.length - 1, 1)
        turns = [
            price
            for third, price in enumerate(self.points())
            if since * 3 <= third * whole <= until * 3
        ]
        prices = [self.price(since), self.price(until), *turns]
        return min(prices), max(prices)
