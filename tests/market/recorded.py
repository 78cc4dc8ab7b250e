"""Where do real candles come from? From recorded files beside the repository, where they are."""

import csv
import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from nexus.core.clock import from_ms
from nexus.market.snapshot import Candle

FOLDER = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "candles"


def recorded_candles(name: str, first: datetime, last: datetime) -> list[Candle]:
    """Read the candles that opened from `first` to `last`; skips the test without the file."""
    file = FOLDER / f"{name}.csv.gz"
    if not file.exists():
        pytest.skip(f"the recorded candles {file.name} are not here")
    with gzip.open(file, "rt", encoding="ascii") as lines:
        told = [_candle(line) for line in csv.DictReader(lines)]
    rows = [row for row in told if first <= row.open_time <= last]
    assert rows, f"{file.name} holds nothing of that time"
    return rows


def _candle(line: dict[str, str]) -> Candle:
    return Candle(
        open_time=from_ms(int(line["open_time_ms"])),
        open=Decimal(line["open"]),
        high=Decimal(line["high"]),
        low=Decimal(line["low"]),
        close=Decimal(line["close"]),
        volume=Decimal(line["volume"]),
    )
