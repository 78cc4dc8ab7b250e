"""Is the clock read in one place? A replay puts its own clock there, and only there."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import breaking_files, lines_of

READINGS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}


def clock_readings(tree: ast.Module) -> Iterator[int]:
    """Find `datetime.now()` and its kin; monotonic clocks only measure, so they are free."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                if (owner, name) in READINGS:
                    yield node.lineno
            case ast.ImportFrom(module="time", names=names):
                if any(("time", alias.name) in READINGS for alias in names):
                    yield node.lineno


def test_only_the_two_clocks_read_the_time() -> None:
    # The simulator is another exchange, so it has a clock of its own.
    assert breaking_files(clock_readings) == {"core/clock.py", "simulator/clock.py"}


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "moment = date.today()",
        "field(default_factory=datetime.now)",
        "time.time()",
        "time.time_ns()",
        "from time import time",
    ],
)
def test_a_planted_reading_is_seen(code: str) -> None:
    assert lines_of(clock_readings, code) == [1]


@pytest.mark.parametrize("code", ["clock.now()", "now()", "time.monotonic()", "queue.time"])
def test_what_only_looks_like_it_is_not(code: str) -> None:
    assert lines_of(clock_readings, code) == []
