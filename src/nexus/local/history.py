"""Which candles are replayed? Reads recorded files, and refuses what cannot be replayed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from nexus.core.clock import from_ms
from nexus.exchanges.market_data import RawCandle
from nexus.local.errors import LocalError
from nexus.pipeline.history import count_gaps
from nexus.pipeline.replay import moments_of
from nexus.settings import TIMEFRAMES
from nexus.simulator.replay import Recorded, read_candles

MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)
"""Every timeframe divides a day, so candles of any length open a whole number of them later."""


@dataclass(frozen=True)
class History:
    """The recorded candles of every symbol, and the moments to tick at."""

    candles: dict[str, list[RawCandle]]
    timeframe: timedelta
    moments: list[datetime]

    def count(self) -> int:
        """Count the candles that are replayed; earlier ones only warm the indicators."""
        return sum(len(rows) for rows in self._within().values())

    def gaps(self) -> int:
        """Count the places among them where candles are missing."""
        return sum(count_gaps(rows, self.timeframe) for rows in self._within().values())

    def _within(self) -> dict[str, list[RawCandle]]:
        first, last = self.moments[0] - self.timeframe, self.moments[-1] - self.timeframe
        return {
            symbol: [c for c in rows if first <= c.open_time <= last]
            for symbol, rows in self.candles.items()
        }


def read_history(
    files: Mapping[str, Path], timeframe: str, first: datetime | None, last: datetime | None
) -> History:
    """Read the files; tick at every candle that opens from `first` to `last`, both included.

    Raises LocalError or SimulatorError with one sentence, and the line number where there is one.
    """
    length = timedelta(seconds=TIMEFRAMES[timeframe])
    candles = {symbol: _read(path, timeframe, length) for symbol, path in files.items()}
    begins = min(rows[0].open_time for rows in candles.values())
    ends = max(rows[-1].open_time for rows in candles.values())
    if first is not None and last is not None and first > last:
        raise LocalError("--from lies after --to: exchange the two.")
    since, until = max(first or begins, begins), min(last or ends, ends)
    moments = moments_of(since + (MIDNIGHT - since) % length, until, length)
    if not moments:
        raise LocalError(
            "There is no candle between --from and --to: "
            f"the files go from {begins.isoformat()} to {ends.isoformat()}."
        )
    return History(candles, length, moments)


def _read(path: Path, timeframe: str, length: timedelta) -> list[RawCandle]:
    recorded = list(read_candles(path))
    if not recorded:
        raise LocalError(f"{path}: line 2: the file has no candles.")
    _check_timeframe(path, recorded, timeframe)
    rows = [RawCandle(from_ms(c.time), c.open, c.high, c.low, c.close, c.volume) for c in recorded]
    if all(later.open_time - early.open_time > length for early, later in pairwise(rows)) and (
        len(rows) > 1
    ):
        raise LocalError(
            f"{path}: no two candles are {timeframe} apart. Is --timeframe {timeframe} right?"
        )
    return rows


def _check_timeframe(path: Path, recorded: Sequence[Recorded], timeframe: str) -> None:
    """Refuse a file whose candles open at other moments than those of this length do."""
    for candle in recorded:
        if candle.time % (TIMEFRAMES[timeframe] * 1000):
            raise LocalError(
                f"{path}: line {candle.line}: {from_ms(candle.time).isoformat()} is not the start"
                f" of a {timeframe} candle. Is --timeframe {timeframe} right?"
            )
