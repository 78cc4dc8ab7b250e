"""Which kline intervals does Binance know, and where does each one begin?"""

import numpy as np
import numpy.typing as npt

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

INTERVALS: dict[str, int] = {
    "1s": SECOND,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "6h": 6 * HOUR,
    "8h": 8 * HOUR,
    "12h": 12 * HOUR,
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
    # The longest month: only used to estimate how many shorter candles it can hold.
    "1M": 31 * DAY,
}

# Weeks begin on Monday; 1970-01-05 was the first one.
FIRST_MONDAY = 4 * DAY

Times = npt.NDArray[np.int64]


def open_times(times: Times, interval: str) -> Times:
    """Return the open time of the `interval` candle that each moment belongs to (ms, UTC)."""
    if interval == "1M":
        months = times.astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype(np.int64)
    offset = FIRST_MONDAY if interval == "1w" else 0
    length = INTERVALS[interval]
    return times - (times - offset) % length


def close_time(open_time: int, interval: str) -> int:
    """Return the last millisecond of the candle that opens at `open_time`."""
    if interval == "1M":
        month = np.datetime64(open_time, "ms").astype("datetime64[M]") + 1
        return int(month.astype("datetime64[ms]").astype(np.int64)) - 1
    return open_time + INTERVALS[interval] - 1
