"""Does a file hold every trade, run no formula, and take no more memory for more of them?"""

import csv
import io
import tracemalloc
from datetime import date
from decimal import Decimal
from tempfile import TemporaryFile

import pytest

from nexus.core.db import Database
from nexus.portfolio.export import cell, export_disposals, export_trades
from nexus.portfolio.search_trades import TradeSearch
from tests.portfolio.ledgers import write_fills
from tests.scenes import AT, Scene

MANY = 50_000
MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_a_formula_becomes_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("-12.500000000000"), "-12.5"), (Decimal("1E+3"), "1000"), (None, ""),
        (Decimal("1E-8"), "0.00000001"), (Decimal(0), "0"), (Decimal("-0E-12"), "0"),
        ("a-b", "a-b"),
        (AT, "2024-06-01T12:00:00.000+00:00"), (7, "7"),
    ],
)  # fmt: skip
def test_values_are_written_plainly(value: object, written: str) -> None:
    assert cell(value) == written


async def lines(
    database: Database, user: int, search: TradeSearch, *, tax: bool
) -> list[dict[str, str]]:
    with TemporaryFile() as file:
        await (export_disposals if tax else export_trades)(database, user, search, file)
        file.seek(0)
        return list(csv.DictReader(io.StringIO(file.read().decode(), newline="")))


async def somebody(scene: Scene, *fills: dict[str, object]) -> int:
    person = await scene.person()
    account = await scene.account(person)
    await write_fills(scene.database, account, await scene.bot(account), fills)
    return person


async def test_what_was_bought_before_the_range_is_what_is_sold_in_it(scene: Scene) -> None:
    person = await somebody(
        scene, {"price": Decimal(100)}, {"price": Decimal(200)},
        {"side": "sell", "price": Decimal(300), "at": AT.replace(month=7)},
        {"side": "sell", "price": Decimal(300), "at": AT.replace(month=8)},
    )  # fmt: skip
    found = await lines(scene.database, person, TradeSearch(since=date(2024, 8, 1)), tax=True)
    assert [(line["cost"], line["result"]) for line in found] == [("200.1", "99.8")]
    until = TradeSearch(until=date(2024, 7, 1))
    assert [line["result"] for line in await lines(scene.database, person, until, tax=True)] == [
        "199.8"
    ]
    assert len(await lines(scene.database, person, until, tax=False)) == 3


async def test_nobody_gets_what_is_somebody_elses(scene: Scene) -> None:
    alice = await somebody(scene, {}, {"side": "sell"})
    bob = await scene.person()
    assert len(await lines(scene.database, alice, TradeSearch(), tax=False)) == 2
    for tax in (True, False):
        assert await lines(scene.database, bob, TradeSearch(), tax=tax) == []


@pytest.mark.parametrize("tax", [True, False])
async def test_fifty_thousand_trades_take_no_more_memory(scene: Scene, *, tax: bool) -> None:
    pair: list[dict[str, object]] = [{"side": "buy"}, {"side": "sell"}]
    few = pair * 1000
    sizes = []
    for fills in (few, few * (MANY // len(few))):
        person = await somebody(scene, *fills)
        with TemporaryFile() as file:
            tracemalloc.start()
            await (export_disposals if tax else export_trades)(
                scene.database, person, TradeSearch(), file
            )
            sizes.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            file.seek(0)
            assert sum(1 for _ in file) == 1 + len(fills) // (2 if tax else 1)
    assert sizes[1] - sizes[0] < MEGABYTE
