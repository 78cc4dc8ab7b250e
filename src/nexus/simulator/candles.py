"""What has the market of one symbol done so far? Base candles, and every longer view of them.

Rows may reach into the future (a replayed file, a generated cycle): every question carries `now`
and sees only what has happened by then. Prices are integer ticks; volumes are statistics for
display and therefore floats; nothing here ever moves a balance.
"""

import numpy as np
import numpy.typing as npt

from nexus.simulator.intervals import INTERVALS, close_time, open_times
from nexus.simulator.path import Road

CANDLE = np.dtype(
    [
        ("time", "i8"),
        ("open", "i8"),
        ("high", "i8"),
        ("low", "i8"),
        ("close", "i8"),
        ("volume", "f8"),
        ("quote", "f8"),
        ("trades", "i8"),
    ]
)
Rows = npt.NDArray[np.void]

# Seven days of one-second candles: about 39 MB per symbol, more than any question needs.
MOST_ROWS = 7 * 86_400


class Series:
    """The candles of one symbol in its shortest interval (`base` ms), oldest first."""

    def __init__(self, rows: Rows, base: int) -> None:
        self.rows = rows
        self.base = base

    def append(self, rows: Rows) -> None:
        self.rows = np.concatenate([self.rows, rows])[-MOST_ROWS:]

    def price(self, now: int) -> int:
        """Return the last traded price. At a candle's end (`open + base`) it is still its close."""
        if len(self.rows) == 0:
            return 0
        at = int(np.searchsorted(self.rows["time"], now, side="left")) - 1
        if at < 0:
            return int(self.rows["open"][0])
        # Within a gap the clamp in Road keeps the price at the last close.
        return self._road(at).price(now - int(self.rows["time"][at]))

    def extremes(self, since: int, until: int) -> tuple[int, int] | None:
        """Return the (lowest, highest) price in `since..until`; None when no candle lies there."""
        times = self.rows["time"]
        first = max(int(np.searchsorted(times, since, side="right")) - 1, 0)
        last = int(np.searchsorted(times, until, side="left")) - 1
        if last < first:
            return None
        lows, highs = [], []
        for at in {first, last}:
            start = int(times[at])
            ends = (max(since - start, 0), min(until - start, self.base))
            low, high = self._road(at).extremes(*ends)
            lows.append(low)
            highs.append(high)
        if last - first > 1:
            lows.append(int(self.rows["low"][first + 1 : last].min()))
            highs.append(int(self.rows["high"][first + 1 : last].max()))
        return min(lows), max(highs)

    def happened(self, now: int) -> int:
        """How many rows have begun by `now`; the last of them may still be open."""
        return int(np.searchsorted(self.rows["time"], now, side="right"))

    def seen(self, first: int, last: int, now: int) -> Rows:
        """Rows `first..last` (exclusive) as they look at `now`: an open one only so far."""
        rows = self.rows[max(first, 0) : last]
        if len(rows) == 0 or now >= int(rows["time"][-1]) + self.base - 1:
            return rows
        rows = rows.copy()
        rows[-1] = self._so_far(last - 1, now)
        return rows

    def klines(
        self, interval: str, now: int, start: int | None, end: int | None, limit: int
    ) -> Rows:
        """At most `limit` candles of `interval` as Binance picks them: from `start`, else latest.

        An interval shorter than the data answers nothing: it was never recorded.
        """
        most = INTERVALS[interval] // self.base
        if most < 1:
            return self.rows[:0]
        last = self.happened(now if end is None else min(now, end))
        first = 0 if start is None else int(np.searchsorted(self.rows["time"], start))
        # One more candle than asked for, because the one at the edge may be cut.
        reach = (limit + 1) * most
        if start is None:
            first = max(first, last - reach)
        else:
            last = min(last, first + reach)
        # A candle that began before `end` is shown whole, up to now.
        whole = self._whole(last, interval, now)
        merged = merge(self.seen(first, whole, now), interval)
        if start is not None:
            return merged[merged["time"] >= start][:limit]
        return merged[-limit:]

    def _whole(self, last: int, interval: str, now: int) -> int:
        """Extend `last` to the end of the `interval` candle it cuts, as far as `now`."""
        if last == 0:
            return 0
        opened = int(open_times(self.rows["time"][last - 1 : last], interval)[0])
        return max(last, self.happened(min(now, close_time(opened, interval))))

    def _road(self, at: int) -> Road:
        row = self.rows[at]
        return Road(
            int(row["open"]), int(row["high"]), int(row["low"]), int(row["close"]), self.base
        )

    def _so_far(self, at: int, now: int) -> tuple[float, ...]:
        row = self.rows[at]
        elapsed = max(now - int(row["time"]), 0)
        low, high = self._road(at).extremes(0, elapsed)
        share = elapsed / self.base
        return (
            row["time"],
            row["open"],
            high,
            low,
            self._road(at).price(elapsed),
            row["volume"] * share,
            row["quote"] * share,
            int(row["trades"] * share),
        )


def merge(rows: Rows, interval: str) -> Rows:
    """Combine base candles into `interval` candles; a gap stays a gap."""
    if len(rows) == 0:
        return rows
    opened = open_times(rows["time"], interval)
    starts = np.flatnonzero(np.diff(opened, prepend=opened[0] - 1))
    ends = np.append(starts[1:], len(rows)) - 1
    merged = np.empty(len(starts), CANDLE)
    merged["time"] = opened[starts]
    merged["open"] = rows["open"][starts]
    merged["high"] = np.maximum.reduceat(rows["high"], starts)
    merged["low"] = np.minimum.reduceat(rows["low"], starts)
    merged["close"] = rows["close"][ends]
    for total in ("volume", "quote", "trades"):
        merged[total] = np.add.reduceat(rows[total], starts)
    return merged


def typical_price(rows: Rows, decimals: int) -> npt.NDArray[np.float64]:
    """Return the mean of each candle's four prices, to turn a volume into quote currency."""
    total = rows["open"] + rows["high"] + rows["low"] + rows["close"]
    return np.asarray(total / 4 / 10**decimals, np.float64)
