"""One decision for 1,000 bots, beside a bare insert of the very same rows.

The peer is what no design can beat: the rows are known already and one statement writes them.
What lies between the two is reading every bot's seat and sizing it. Both run in the same
database in turn, on a throwaway server that does not wait for its disk.
"""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from sqlalchemy import delete, select

from nexus.core import clock
from nexus.core.db import Database, Transaction, insert_rows
from nexus.core.migrate import upgrade
from nexus.exchanges.filters import store_filters
from nexus.exchanges.paper import plain_filters
from nexus.fanout.models import PlanRow
from nexus.fanout.plan import plan_for_bots
from nexus.pipeline.crowd import gather_crowd
from nexus.regime.classify import Regime
from nexus.regime.judge import Verdict
from nexus.regime.record import record
from nexus.settings import Settings
from nexus.strategy.border import Action, Book, Decision
from nexus.strategy.decide import Proposal
from tests.databases import postgres_server

BOTS = 1_000
ROUNDS = 15
AT = datetime(2026, 1, 1, tzinfo=UTC)
SYMBOL = "BTC/USDT"


async def measure(bots: int = BOTS, rounds: int = ROUNDS) -> str:
    """Measure both in turn; gives the medians and their ratio in a few lines."""
    with postgres_server() as server:
        server.create("bench")
        upgrade(server.url("bench"))
        database = Database(server.url("bench"), pool_size=2)
        try:
            with clock.use(clock.SetClock(AT)):
                planned, inserted = await _in_turn(database, bots, rounds)
        finally:
            await database.close()
    return _report(bots, planned, inserted)


async def _in_turn(database: Database, bots: int, rounds: int) -> tuple[list[float], list[float]]:
    settings = Settings(symbols=(SYMBOL,))
    async with database.transaction() as tx:
        await store_filters(tx, "paper", {SYMBOL: plain_filters(SYMBOL)})
        await gather_crowd(
            tx,
            settings,
            count=bots,
            keys=[],
            balance=Decimal(10_000),
            strategies=["trend"],
            seed=1,
        )
    planned, inserted = [], []
    for number in range(rounds + 1):
        proposal = _proposal(number)
        async with database.transaction() as tx:
            decision_id = await record(tx, proposal, Verdict("", "", Regime.BULLISH))
        assert decision_id is not None
        started = time.perf_counter()
        async with database.transaction() as tx:
            await plan_for_bots(tx, decision_id, proposal, settings)
        planned.append(time.perf_counter() - started)
        inserted.append(await _insert_again(database))
    return planned[1:], inserted[1:]  # The first round of each warms the caches.


async def _insert_again(database: Database) -> float:
    """Take the plans of the round away and time writing the very same rows with one statement."""
    async with database.transaction() as tx:
        rows = await _take_away(tx)
    statement, columns = insert_rows(PlanRow, rows)
    started = time.perf_counter()
    async with database.transaction() as tx:
        await tx.execute(statement, columns)
    seconds = time.perf_counter() - started
    async with database.transaction() as tx:
        await tx.execute(delete(PlanRow))
    return seconds


async def _take_away(tx: Transaction) -> list[dict[str, Any]]:
    found = await tx.execute(select(PlanRow.__table__))
    rows = [dict(row) for row in found.mappings()]
    await tx.execute(delete(PlanRow))
    return rows


def _proposal(number: int) -> Proposal:
    entering = Decision(Action.ENTER, target_fraction=Decimal("0.4"), layer=1, why="bench")
    candle = AT + timedelta(hours=number)
    return Proposal("trend", SYMBOL, candle, Decimal(50_000), entering, Book())


def _report(bots: int, planned: list[float], inserted: list[float]) -> str:
    ours, bare = median(planned) * 1000, median(inserted) * 1000
    return (
        f"one decision for {bots} bots, {len(planned)} rounds, medians:\n"
        f"  planned   {ours:7.1f} ms  read every seat, size it, write {bots} plans\n"
        f"  inserted  {bare:7.1f} ms  the same {bots} rows, already known\n"
        f"  ratio     {ours / bare:7.2f}"
    )
