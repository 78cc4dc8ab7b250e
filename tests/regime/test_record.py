"""Is everything the gate says written down, once, and does the book move only by what passed?"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select

from nexus.core import clock
from nexus.core.db import Database, Transaction
from nexus.market.snapshot import Dispute, Health, MarketSnapshot, SymbolView
from nexus.regime.classify import Regime
from nexus.regime.events import Decided, MarketSeen
from nexus.regime.judge import Gate, Verdict
from nexus.regime.models import GateChange, ReadingRow, VerdictRow
from nexus.regime.record import open_gate, record, set_switch
from nexus.settings import RegimeSettings
from nexus.strategy.book import load_books
from nexus.strategy.border import Action, Book, Decision, Layer
from nexus.strategy.decide import Proposal
from nexus.strategy.models import DecisionRow
from tests.market.candles import BTC, START, candles, opens_at, series, view

RULES = RegimeSettings(regime_fast=5, regime_slow=20, regime_adx=5, gate_calm_seconds=0)
RISING = view(series(range(100, 140)))
PAUSE = timedelta(seconds=45)
PASSED = Verdict("", "All is well.", Regime.BULLISH)
BLOCKED = Verdict("REGIME_BEARISH", "The averages fall.", Regime.BEARISH)
ENTER = Decision(
    Action.ENTER, Decimal("0.4"), 1, why="It rises.", inputs={"fast": "2"}, state={"seen": 1}
)
HOLDING = Book((Layer(Decimal(90), START),), Decimal("0.4"), Decimal(95), trade_id=77)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.use(clock.SetClock(opens_at(40))):
        yield


class Heard(list[Any]):
    """What was announced, as the reactions heard it."""

    async def react(self, tx: Transaction, facts: Sequence[Any]) -> None:
        del tx
        self.extend(facts)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def listening(database_url: str, heard: Heard) -> AsyncIterator[Database]:
    reactions = {MarketSeen: [heard.react], Decided: [heard.react]}
    database = Database(database_url, reactions=reactions)
    yield database
    await database.close()


def snapshot(*views: SymbolView) -> MarketSnapshot:
    return MarketSnapshot(opens_at(40), {seen.symbol: seen for seen in views}, calls=1)


def proposal(decision: Decision = ENTER, book: Book | None = None, number: int = 39) -> Proposal:
    return Proposal("trend", BTC, opens_at(number), Decimal(139), decision, book or Book())


async def gate_of(database: Database, *views: SymbolView) -> Gate:
    async with database.transaction() as tx:
        return await open_gate(tx, snapshot(*views), RULES, PAUSE)


async def readings(database: Database) -> list[ReadingRow]:
    async with database.transaction() as tx:
        return list(await tx.scalars(select(ReadingRow).order_by(ReadingRow.symbol)))


async def write(database: Database, what: Proposal, verdict: Verdict) -> int | None:
    async with database.transaction() as tx:
        return await record(tx, what, verdict)


# ---------------------------------------------------------------------------------- the gate
async def test_the_newest_reading_is_kept_for_pages_and_claims(
    listening: Database, heard: Heard
) -> None:
    gate = await gate_of(listening, RISING)
    assert gate.regimes == {BTC: "bullish"}
    assert heard == [MarketSeen()]
    (row,) = await readings(listening)
    assert (row.symbol, row.regime, row.entries_allowed, row.code) == (BTC, "bullish", True, "")
    assert row.reason.startswith("Fast average and price are above")
    assert (row.candle, row.at, row.drop_percent) == (opens_at(39), opens_at(40), Decimal("0.71"))


async def test_a_reading_that_allows_nothing_says_why(database: Database) -> None:
    await gate_of(database, RISING)
    await gate_of(database, replace(RISING, health=Health.STALE))
    (row,) = await readings(database)
    assert (row.entries_allowed, row.code) == (False, "DATA_STALE")
    assert row.reason == "The market data has stopped coming."


# ------------------------------------------------------------------------ whether it lasts
PATIENT = RULES.model_copy(update={"gate_calm_seconds": 60})
NOON = opens_at(40)


async def look(database: Database, at: datetime, seen: SymbolView = RISING) -> str:
    """Take a look at `at`; give the code with which an entry is refused, or nothing."""
    async with database.transaction() as tx:
        shown = MarketSnapshot(at, {BTC: seen}, calls=1)
        gate = await open_gate(tx, shown, PATIENT, PAUSE)
    return gate.judge_entries(BTC).code


async def looks(database: Database, *seconds: int, seen: SymbolView = RISING) -> list[str]:
    return [await look(database, NOON + timedelta(seconds=at), seen) for at in seconds]


async def test_after_a_start_entries_wait_until_all_was_well_for_a_while(
    database: Database,
) -> None:
    assert await looks(database, 0, 30, 59, 60, 90) == ["WARMING_UP"] * 3 + ["", ""]


async def test_a_pause_without_a_look_begins_it_again(database: Database) -> None:
    assert await looks(database, 0, 40, 80) == ["WARMING_UP", "WARMING_UP", ""]
    assert await looks(database, 126, 166, 186) == ["WARMING_UP", "WARMING_UP", ""]


@pytest.mark.parametrize(
    "change",
    [
        {"health": Health.STALE},
        {"dispute": Dispute("primary", Decimal(139), "fallback", Decimal(100))},
        {"price": Decimal(100)},
    ],
)
async def test_anything_that_is_not_well_begins_it_again(
    database: Database, change: dict[str, Any]
) -> None:
    assert await looks(database, 0, 30, 60) == ["WARMING_UP", "WARMING_UP", ""]
    (code,) = await looks(database, 70, seen=replace(RISING, **change))
    assert code in {"DATA_STALE", "DATA_DISPUTED", "CRASH_GUARD"}
    assert await looks(database, 80, 110, 129, 130) == ["WARMING_UP"] * 3 + [""]


async def test_when_the_readings_are_lost_it_begins_again(database: Database) -> None:
    assert await looks(database, 0, 30, 60) == ["WARMING_UP", "WARMING_UP", ""]
    async with database.transaction() as tx:
        await tx.execute(delete(ReadingRow))
    assert await looks(database, 70, 115, 130) == ["WARMING_UP", "WARMING_UP", ""]


async def test_the_log_has_a_line_for_each_change_and_no_other(database: Database) -> None:
    await looks(database, 0, 30, 60, 90)
    await looks(database, 100, 110, seen=replace(RISING, health=Health.STALE))
    async with database.transaction() as tx:
        lines = (await tx.scalars(select(GateChange).order_by(GateChange.id))).all()
    assert [
        ((line.at - NOON).total_seconds(), line.entries_allowed, line.code) for line in lines
    ] == [(0, False, "WARMING_UP"), (60, True, ""), (100, False, "DATA_STALE")]
    assert {(line.symbol, line.regime) for line in lines} == {(BTC, "bullish")}
    assert lines[2].reason == "The market data has stopped coming."


async def test_without_a_candle_there_is_no_reading(database: Database) -> None:
    nothing = replace(view(candles([]), health=Health.MISSING), symbol="ETH/USDT")
    gate = await gate_of(database, RISING, nothing)
    assert gate.judge_entries("ETH/USDT").code == "DATA_MISSING"
    assert [row.symbol for row in await readings(database)] == [BTC]


async def test_the_gate_knows_the_switches(database: Database) -> None:
    async with database.transaction() as tx:
        await set_switch(tx, "strategy:trend", stopped=True, reason="a test", by="carol")
        await set_switch(tx, "strategy:other", stopped=False, reason="", by="carol")
    gate = await gate_of(database, RISING)
    assert gate.stopped == {"strategy:trend"}
    assert gate.judge(proposal()).code == "STOPPED"


async def test_a_switch_is_released_again(database: Database) -> None:
    for stopped, code in [(True, "STOPPED"), (False, "")]:
        async with database.transaction() as tx:
            await set_switch(tx, "everything", stopped=stopped, reason="a test", by="carol")
        gate = await gate_of(database, RISING)
        assert gate.judge(proposal()).code == code


# ------------------------------------------------------------------------------- the decision
async def test_a_decision_that_passed_is_written_whole(listening: Database, heard: Heard) -> None:
    number = await write(listening, proposal(), PASSED)
    assert [fact.decision_id for fact in heard] == [number]
    async with listening.transaction() as tx:
        row = await tx.get_one(DecisionRow, number)
        verdict = await tx.get_one(VerdictRow, number)
        books = await load_books(tx)
    assert (row.strategy, row.symbol, row.candle) == ("trend", BTC, opens_at(39))
    assert (row.action, row.layer, row.target_fraction) == ("enter", 1, Decimal("0.4"))
    assert (row.price, row.why, row.inputs) == (Decimal(139), "It rises.", {"fast": "2"})
    assert (row.trade_id, row.decided_at) == (number, opens_at(40))
    assert (verdict.blocked, verdict.code, verdict.regime) == (False, "", "bullish")
    assert (verdict.reason, verdict.judged_at) == ("All is well.", opens_at(40))
    book = books["trend", BTC]
    assert (book.layers, book.trade_id) == ((Layer(Decimal(139), opens_at(39)),), number)
    assert (book.fraction, book.state) == (Decimal("0.4"), {"seen": 1})


async def test_a_blocked_decision_is_written_with_its_reason(database: Database) -> None:
    number = await write(database, proposal(), BLOCKED)
    async with database.transaction() as tx:
        verdict = await tx.get_one(VerdictRow, number)
        books = await load_books(tx)
    assert (verdict.blocked, verdict.code) == (True, "REGIME_BEARISH")
    assert verdict.reason == "The averages fall."
    assert books["trend", BTC] == Book(decided_candle=opens_at(39))


async def test_what_follows_an_enter_belongs_to_its_trade(database: Database) -> None:
    add = Decision(Action.ADD, Decimal("0.7"), 2)
    number = await write(database, proposal(add, HOLDING), PASSED)
    async with database.transaction() as tx:
        row = await tx.get_one(DecisionRow, number)
        books = await load_books(tx)
    assert (row.trade_id, books["trend", BTC].trade_id) == (77, 77)


async def test_a_candle_is_decided_once(listening: Database, heard: Heard) -> None:
    first = await write(listening, proposal(), BLOCKED)
    assert await write(listening, proposal(), PASSED) is None
    async with listening.transaction() as tx:
        assert list(await tx.scalars(select(VerdictRow.decision_id))) == [first]
        assert (await load_books(tx))["trend", BTC].is_flat
    assert [fact.decision_id for fact in heard] == [first]


async def test_the_next_candle_is_another_decision(database: Database) -> None:
    first = await write(database, proposal(), BLOCKED)
    second = await write(database, proposal(number=40), PASSED)
    assert None not in (first, second)
    assert first != second
