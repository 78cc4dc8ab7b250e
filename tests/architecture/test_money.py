"""Does money stay Decimal? In the folders that make orders, nothing computes in floats."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import SOURCE, breaches, lines_of, python_files

MONEY = ("bots", "exchanges", "execution", "fanout")

DURATIONS = ("seconds", "timeout", "retry_after", "stay_away")
"""A duration is not money: a name that ends like one of these may be a float."""

CLOCKS = {"exchanges/server_clock.py"}
"""They measure how far two clocks are apart. A file with money in it may not stand here."""


def _is_float(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def _is_duration(name: str) -> bool:
    return name.endswith(DURATIONS)


def _durations(tree: ast.Module) -> set[int]:
    """Collect the nodes that belong to durations, by identity: annotations, whole functions."""
    found: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=part):
                pass
            case ast.arg(arg=name, annotation=ast.expr() as part):
                pass
            case ast.FunctionDef(name=name) as part:
                pass
            case _:
                continue
        if _is_duration(name):
            found.update(id(inner) for inner in ast.walk(part))
    return found


def floats(tree: ast.Module) -> Iterator[int]:
    """Find `float(...)`, `float` annotations, arithmetic with floats, and `Decimal(0.1)`."""
    durations = _durations(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="float") if id(node) not in durations:
                yield node.lineno
            case ast.BinOp(left=left, right=right) if _is_float(left) or _is_float(right):
                yield node.lineno
            case ast.AugAssign(value=value) if _is_float(value):
                yield node.lineno
            case ast.Call(func=ast.Name(id="Decimal"), args=[value, *_]) if _is_float(value):
                yield node.lineno


def test_what_becomes_an_order_is_never_a_float() -> None:
    clocks = {SOURCE / name for name in CLOCKS}
    assert breaches(floats, (file for file in python_files(*MONEY) if file not in clocks)) == []


@pytest.mark.parametrize("name", sorted(CLOCKS))
def test_a_clock_knows_no_money(name: str) -> None:
    assert "Decimal" not in (SOURCE / name).read_text()


@pytest.mark.parametrize(
    "code",
    [
        "price = float(answer['price'])",
        "def fill(price: float) -> None: ...",
        "def mid(bid: Decimal, ask: Decimal) -> float: ...",
        "prices: dict[str, float] = {}",
        "fee = amount * 0.001",
        "amount *= 0.999",
        "Decimal(0.1)",
        "list(map(float, prices))",
    ],
)
def test_a_planted_float_is_seen(code: str) -> None:
    assert lines_of(floats, code) == [1]


@pytest.mark.parametrize(
    "code",
    [
        "price = Decimal(answer['price'])",
        "def wait(seconds: float) -> None: ...",
        "retry_after: float | None = None",
        "def stay_away(told: str) -> float: return float(told)",
        "client.get(url, timeout=2.5)",
    ],
)
def test_durations_may_be_floats(code: str) -> None:
    assert lines_of(floats, code) == []
