"""Does the leader's book move only by decisions that passed, and is it kept as it is?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from nexus.core import clock
from nexus.core.db import Database
from nexus.strategy.book import keep_book, load_books, moved, store_book
from nexus.strategy.border import HOLD, Action, Book, Decision, Layer
from nexus.strategy.decide import Proposal
from nexus.strategy.models import LeaderBookRow
from tests.market.candles import BTC, START, opens_at

FLAT = Book()
HOLDING = Book(
    layers=(Layer(Decimal("100.00000001"), opens_at(0)),),
    fraction=Decimal("0.4"),
    peak=Decimal(110),
    state={"since": 3},
    trade_id=7,
    decided_candle=opens_at(4),
)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(clock.SetClock(START)):
        yield


def propose(decision: Decision, book: Book, price: int = 105, number: int = 5) -> Proposal:
    return Proposal("trend", BTC, opens_at(number), Decimal(price), decision, book)


def decision(action: str, target: str = "0", layer: int = 1, **state: Any) -> Decision:
    return Decision(Action(action), Decimal(target), layer, state=state)


# ------------------------------------------------------------------------------------ moving
def test_an_enter_that_passed_opens_a_trade() -> None:
    book = moved(propose(decision("enter", "0.4", seen=1), FLAT), passed=True, trade_id=9)
    assert book == Book(
        layers=(Layer(Decimal(105), opens_at(5)),),
        fraction=Decimal("0.4"),
        peak=Decimal(105),
        state={"seen": 1},
        trade_id=9,
        decided_candle=opens_at(5),
    )


def test_an_add_that_passed_adds_a_layer() -> None:
    book = moved(propose(decision("add", "0.7", 2), HOLDING), passed=True, trade_id=7)
    assert book.layers == (*HOLDING.layers, Layer(Decimal(105), opens_at(5)))
    assert (book.fraction, book.peak, book.trade_id) == (Decimal("0.7"), Decimal(110), 7)


def test_a_reduce_that_passed_keeps_the_layers() -> None:
    book = moved(propose(decision("reduce", "0.1"), HOLDING), passed=True, trade_id=7)
    assert (book.layers, book.fraction) == (HOLDING.layers, Decimal("0.1"))
    assert (book.peak, book.trade_id) == (Decimal(110), 7)


def test_an_exit_that_passed_closes_the_trade() -> None:
    book = moved(propose(decision("exit"), HOLDING), passed=True, trade_id=7)
    assert book == Book(decided_candle=opens_at(5))


@pytest.mark.parametrize("action", ["enter", "add", "reduce", "exit"])
def test_a_blocked_decision_moves_nothing_but_the_candle(action: str) -> None:
    before = FLAT if action == "enter" else HOLDING
    book = moved(propose(decision(action, "0.1", wiped=1), before), passed=False, trade_id=9)
    assert book == replace(before, decided_candle=opens_at(5))


@pytest.mark.parametrize(("price", "peak"), [(109, 110), (111, 111)])
def test_the_peak_is_the_highest_close_of_the_trade(price: int, peak: int) -> None:
    for passed, said in [(True, HOLD), (False, HOLD), (True, decision("add", "0.7", 2))]:
        book = moved(propose(said, HOLDING, price), passed=passed, trade_id=7)
        assert book.peak == peak


def test_a_flat_book_has_no_peak() -> None:
    assert moved(propose(HOLD, FLAT), passed=False, trade_id=None).peak is None


# ----------------------------------------------------------------------------------- keeping
async def kept(database: Database) -> dict[tuple[str, str], Book]:
    async with database.transaction() as tx:
        return dict(await load_books(tx))


async def test_a_book_comes_back_as_it_was_stored(database: Database) -> None:
    async with database.transaction() as tx:
        await store_book(tx, "trend", BTC, HOLDING)
        await store_book(tx, "trend", "ETH/USDT", Book(decided_candle=opens_at(4)))
    assert await kept(database) == {
        ("trend", BTC): HOLDING,
        ("trend", "ETH/USDT"): Book(decided_candle=opens_at(4)),
    }


async def test_an_older_candle_never_overwrites_a_newer_one(database: Database) -> None:
    async with database.transaction() as tx:
        for number, target in [(4, "0.4"), (3, "0.3"), (4, "0.9"), (5, "0.5")]:
            at = opens_at(number)
            late = replace(HOLDING, decided_candle=at, fraction=Decimal(target))
            await store_book(tx, "trend", BTC, late)
            if number < 5:
                books = await load_books(tx)
                assert books["trend", BTC].fraction == Decimal("0.4")
    assert (await kept(database))["trend", BTC].fraction == Decimal("0.5")


async def test_a_hold_that_changed_nothing_is_not_written(database: Database) -> None:
    async with database.transaction() as tx:
        await keep_book(tx, propose(HOLD, FLAT))
        await keep_book(tx, propose(replace(HOLD, state={"since": 3}), HOLDING, price=109))
    assert await kept(database) == {}


async def test_a_new_peak_is_kept_over_a_hold(database: Database) -> None:
    async with database.transaction() as tx:
        await keep_book(tx, propose(replace(HOLD, state={"since": 3}), HOLDING, price=120))
    expected = replace(HOLDING, peak=Decimal(120), decided_candle=opens_at(5))
    assert await kept(database) == {("trend", BTC): expected}


async def test_a_strategys_own_state_is_kept_over_a_hold(database: Database) -> None:
    async with database.transaction() as tx:
        await keep_book(tx, propose(replace(HOLD, state={"since": 4}), HOLDING))
    assert (await kept(database))["trend", BTC].state == {"since": 4}


async def test_a_book_says_when_it_was_written(database: Database) -> None:
    with clock.use(clock.SetClock(START + timedelta(days=1))):
        async with database.transaction() as tx:
            await store_book(tx, "trend", BTC, HOLDING)
    async with database.transaction() as tx:
        assert await tx.scalar(select(LeaderBookRow.updated_at)) == START + timedelta(days=1)


# ------------------------------------------------------------------------------------ the stop
def test_a_stop_is_set_kept_raised_and_ends_with_the_trade() -> None:
    opened = moved(
        propose(replace(decision("enter", "0.4"), stop_price=Decimal(95)), FLAT),
        passed=True, trade_id=9,
    )  # fmt: skip
    assert opened.stop_price == 95
    kept = moved(propose(decision("add", "0.7", layer=2), opened), passed=True, trade_id=9)
    assert kept.stop_price == 95
    raised = moved(
        propose(replace(decision("reduce", "0.2"), stop_price=Decimal(99)), kept),
        passed=True, trade_id=9,
    )  # fmt: skip
    assert raised.stop_price == 99
    ended = moved(propose(decision("exit"), raised), passed=True, trade_id=9)
    assert ended.stop_price is None


def test_a_blocked_decision_moves_no_stop() -> None:
    wish = replace(decision("add", "0.7", layer=2), stop_price=Decimal(99))
    assert moved(propose(wish, HOLDING), passed=False, trade_id=7).stop_price is None
