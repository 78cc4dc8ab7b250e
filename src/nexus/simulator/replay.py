"""How does a file of recorded candles become a market?

CSV or CSV.gz with the columns `open_time_ms,open,high,low,close,volume` (UTC, any order of
columns). A malformed file is refused with the line number; a gap is kept, because it is real.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TextIO

import numpy as np

from nexus.simulator.candles import CANDLE, Rows, Series, typical_price
from nexus.simulator.errors import SimulatorError
from nexus.simulator.intervals import INTERVALS
from nexus.simulator.symbols import MOST_DECIMALS, SymbolRules, find_rules

PLAIN_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE]-?[0-9]{1,2})?")
"""Digits as a CSV has them: no signs, no underscores, no other alphabets."""
TOO_LARGE = Decimal("1e15")
COLUMNS = ("open_time_ms", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of the file, still exact."""

    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    line: int = 0
    """Where it stands in the file, from 1 on."""


def read_market(argument: str) -> tuple[SymbolRules, Series]:
    """Read `[SYMBOL=]FILE`; without SYMBOL the name begins the file's name (BTCUSDT-1h.csv).

    Raises SimulatorError with one sentence that names the file and, where there is one, the line.
    """
    symbol, path = _split(argument)
    candles = list(read_candles(path))
    if not candles:
        message = f"{path}: line 2: the file has no candles."
        raise SimulatorError(message)
    prices = [price for one in candles for price in (one.open, one.high, one.low, one.close)]
    decimals = min(max(_decimals(price) for price in prices), MOST_DECIMALS)
    rules = find_rules(symbol, candles[-1].close, decimals)
    if rules is None:
        message = (
            f"{symbol} is not a pair we know how to split; "
            "write it before the file, like BTCUSDT=FILE."
        )
        raise SimulatorError(message)
    return rules, Series(_rows(candles, rules.tick_decimals), _base(path, candles))


def _split(argument: str) -> tuple[str, Path]:
    head, equals, tail = argument.partition("=")
    if equals and re.fullmatch(r"[A-Z0-9]{2,12}/?[A-Z0-9]{2,12}", head):
        return head.replace("/", ""), Path(tail)
    name = re.match(r"[A-Za-z0-9]+", Path(argument).name)
    return (name.group().upper() if name else ""), Path(argument)


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        yield file


def read_candles(path: Path) -> Iterator[Recorded]:
    try:
        with _open(path) as file:
            yield from _lines(path, file)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as problem:
        cause = getattr(problem, "strerror", None) or problem
        message = f"{path}: the file cannot be read ({cause})."
        raise SimulatorError(message) from problem


def _lines(path: Path, file: TextIO) -> Iterator[Recorded]:
    reader = csv.DictReader(file)
    if not reader.fieldnames:
        message = f"{path}: line 1: the file is empty, so {COLUMNS[0]} is missing."
        raise SimulatorError(message)
    lacking = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if lacking:
        message = (
            f"{path}: line 1: the column {lacking[0]} is missing; columns are separated by commas."
        )
        raise SimulatorError(message)
    before = -1
    for row in reader:
        try:
            candle = replace(_candle(row), line=reader.line_num)
        except ValueError as problem:
            message = f"{path}: line {reader.line_num}: {problem}"
            raise SimulatorError(message) from None
        if candle.time <= before:
            message = f"{path}: line {reader.line_num}: time goes backwards or stands still."
            raise SimulatorError(message)
        before = candle.time
        yield candle


def _candle(row: dict[str, str | None]) -> Recorded:
    """Turn one line into numbers; ValueError says what is wrong with it."""
    if None in row:
        message = "it has more fields than the first line."
        raise ValueError(message)
    text = {name: row.get(name) or "" for name in COLUMNS}
    if not re.fullmatch(r"\d{1,14}", text["open_time_ms"]):
        message = f"open_time_ms is {text['open_time_ms']!r}, not milliseconds since 1970."
        raise ValueError(message)
    first, high, low, last, volume = (_number(name, text[name]) for name in COLUMNS[1:])
    candle = Recorded(int(text["open_time_ms"]), first, high, low, last, volume)
    if (
        not candle.low
        <= min(candle.open, candle.close)
        <= max(candle.open, candle.close)
        <= candle.high
    ):
        message = "high and low do not enclose open and close."
        raise ValueError(message)
    return candle


def _number(name: str, text: str) -> Decimal:
    value = Decimal(text) if PLAIN_NUMBER.fullmatch(text) else Decimal(-1)
    if not 0 <= value < TOO_LARGE or (value == 0 and name != "volume"):
        message = f"{name} is {text!r}, not a positive number."
        raise ValueError(message)
    return value


def _decimals(price: Decimal) -> int:
    return max(-int(price.normalize().as_tuple().exponent), 0)


def _base(path: Path, candles: list[Recorded]) -> int:
    """Return the file's own interval: the shortest step between two candles, one Binance knows."""
    if len(candles) == 1:
        return INTERVALS["1m"]
    steps = (later.time - early.time for early, later in pairwise(candles))
    step = min(steps)
    if step not in INTERVALS.values():
        message = f"{path}: candles are {step} ms apart, which is no interval Binance knows."
        raise SimulatorError(message)
    return step


def _rows(candles: list[Recorded], decimals: int) -> Rows:
    scale = Decimal(10) ** decimals
    rows = np.empty(len(candles), CANDLE)
    rows["time"] = [one.time for one in candles]
    for name in ("open", "high", "low", "close"):
        rows[name] = [int((getattr(one, name) * scale).to_integral_value()) for one in candles]
    rows["volume"] = [float(one.volume) for one in candles]
    rows["quote"] = rows["volume"] * typical_price(rows, decimals)
    # The recording does not say how many trades there were; about one per ten units traded.
    rows["trades"] = 1 + (rows["volume"] / 10).astype(np.int64)
    return rows
