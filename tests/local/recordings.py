"""What does a test replay? Small files of made-up candles, or the real ones where they are."""

import gzip
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count, islice, pairwise
from pathlib import Path

import pytest

REAL = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "candles"
HEADER = "open_time_ms,open,high,low,close,volume"
HOUR = 3_600_000
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)

LIVELY = {
    "MARKET_HISTORY_CANDLES": "60",
    "STRATEGY_FAST": "4",
    "STRATEGY_SLOW": "9",
    "STRATEGY_ATR": "5",
    "REGIME_FAST": "6",
    "REGIME_SLOW": "20",
    "REGIME_ADX": "5",
    "REGIME_ADX_MIN": "10",
    # Hardly anything is traded in these candles.
    "LIQUIDITY_FLOORS": "USDT=1",
}
"""Numbers with which a few dozen candles are enough for trades."""


def real(name: str) -> Path:
    """Give a file of real candles, or skip where it is not."""
    path = REAL / name
    if not path.exists():
        pytest.skip("the recorded candles are not here")
    return path


def waves(first: int = 100) -> Iterator[str]:
    """Give prices without end, in cents: up by one percent for forty candles, down for twenty."""
    price = first * 100
    for number in count():
        price += max(price // 100, 1) * (1 if number % 60 < 40 else -1)
        yield f"{price // 100}.{price % 100:02d}"


def lines(amount: int, *, start: int = START, first: int = 100) -> list[str]:
    """Give the lines of a file of hourly candles, its header first."""
    prices = list(islice(waves(first), amount + 1))
    rows = [HEADER]
    for number, (opened, closed) in enumerate(pairwise(prices)):
        low, high = sorted((opened, closed), key=float)
        rows.append(f"{start + number * HOUR},{opened},{high},{low},{closed},12.5")
    return rows


def write(path: Path, rows: Sequence[str]) -> Path:
    """Write lines as a CSV, or as a CSV.gz where the name says so."""
    text = "\n".join(rows) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path
