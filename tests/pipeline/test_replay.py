"""Is a replay the same at every run, and do its books agree with the venue's to the last order?"""

import io
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from nexus.core.db import Database
from nexus.exchanges.filters import store_filters
from nexus.exchanges.market_data import RawCandle
from nexus.exchanges.paper import Paper
from nexus.execution.broker import Broker
from nexus.fanout.models import PlanRow
from nexus.market.observe import Observer
from nexus.market.queries import prices_of
from nexus.pipeline.audit import Audit, audit, paper_orders
from nexus.pipeline.crowd import gather_crowd
from nexus.pipeline.desk import Desk
from nexus.pipeline.history import RecordedMarket
from nexus.pipeline.replay import BellOfOne, ReplayCounts, moments_of, replay
from nexus.regime.models import VerdictRow
from nexus.settings import Settings
from nexus.strategy.border import load_strategies
from tests.databases import Template
from tests.scenes import AT
from tests.scripted import BTC

HOUR = timedelta(hours=1)
COUNT = 190
SETTINGS = Settings(
    environment="test", symbols=(BTC,), timeframe="1h", market_history_candles=60,
    strategy_fast=5, strategy_slow=12, strategy_atr=5, pyramid_step_atr=Decimal("0.5"),
    regime_fast=5, regime_slow=20, regime_adx=5, gate_gap_candles=2, gate_calm_seconds=0,
)  # fmt: skip


def closes() -> list[Decimal]:
    """Rise, crash by a sixth within three hours, waver, and rise again; all by arithmetic."""
    found, price = [], 30_000.0
    for hour in range(COUNT):
        if 80 <= hour < 83:
            price *= 0.94
        elif 83 <= hour < 110:
            price *= 1 + 0.004 * math.sin(hour)
        else:
            price *= 1.004 + 0.008 * math.sin(hour / 3)
        found.append(Decimal(f"{price:.2f}"))
    return found


def candles() -> list[RawCandle]:
    """Give hourly candles of that market; three of them are missing."""
    rows, before = [], closes()[0]
    for hour, close in enumerate(closes()):
        opened = AT - COUNT * HOUR + hour * HOUR
        low, high = min(before, close), max(before, close)
        rows.append(RawCandle(opened, before, high, low, close, Decimal(10)))
        before = close
    return rows[:150] + rows[153:]


@dataclass
class Run:
    """What one replay left behind."""

    counts: ReplayCounts
    trace: str
    audit: Audit
    progress: list[int]


@asynccontextmanager
async def stage(url: str) -> AsyncIterator[tuple[Desk, Broker]]:
    database = Database(url)
    bell = BellOfOne()
    paper = Paper(database, SETTINGS, prices_of(database))
    broker = Broker(database, {"paper": paper}, bell, SETTINGS, "replay")
    bell.context["broker"] = broker
    observer = Observer(database, [RecordedMarket({BTC: candles()}, HOUR)], SETTINGS)
    strategies = load_strategies(SETTINGS.strategies, SETTINGS)
    async with database.transaction() as tx:
        await store_filters(tx, "paper", await paper.filters([BTC]))
        await gather_crowd(
            tx, SETTINGS, count=4, keys=(), balance=Decimal(10_000),
            strategies=[strategy.name for strategy in strategies], seed=3,
        )  # fmt: skip
    yield Desk(database, observer, strategies, bell, SETTINGS, "replay"), broker
    await database.close()


async def run(desk: Desk, broker: Broker) -> Run:
    trace, progress = io.StringIO(), list[int]()
    rows = candles()
    moments = moments_of(rows[0].open_time, rows[-1].open_time, HOUR)
    counts = await replay(desk, broker, moments, trace=trace, progress=progress.append)
    async with desk.database.transaction() as tx:
        return Run(counts, trace.getvalue(), await audit(tx, await paper_orders(tx)), progress)


async def test_two_runs_leave_the_same_trace_and_books_that_agree(
    migrated_template: Template,
) -> None:
    runs = []
    for _ in range(2):
        with migrated_template.copy() as url:
            async with stage(url) as (desk, broker):
                runs.append(await run(desk, broker))
                async with desk.database.transaction() as tx:
                    blocked = await tx.scalars(
                        select(PlanRow.id)
                        .join(VerdictRow, VerdictRow.decision_id == PlanRow.decision_id)
                        .where(VerdictRow.blocked)
                    )
                    assert blocked.all() == []
    first, second = runs
    assert first.trace.encode() == second.trace.encode()
    assert first.counts == second.counts
    assert first.audit == second.audit

    # It is a replay worth comparing: every kind of decision, and some that were blocked.
    assert first.counts.decisions.keys() == {"enter", "add", "exit"}
    assert first.counts.blocked.keys() & {"CRASH_GUARD", "REGIME_BEARISH", "REGIME_SIDEWAYS"}
    assert len(first.trace.splitlines()) == first.counts.decisions.total()
    check_trace(first.trace)

    books = first.audit
    assert (books.duplicate_orders, books.orphan_orders, books.mistakes) == (0, 0, [])
    assert books.orders.keys() == {"FILLED"}
    assert books.fills == books.orders["FILLED"] == books.plans["DONE"] > 20
    assert first.progress == list(range(1, COUNT + 1))


def check_trace(trace: str) -> None:
    """Look for what every line must say, and what none may."""
    lines = [json.loads(line) for line in trace.splitlines()]
    names = ["candle", "strategy", "symbol", "action", "layer", "price", "regime", "verdict"]
    assert all(list(line) == [*names, "reason"] for line in lines)
    assert all(line["symbol"] == BTC and line["candle"].endswith("Z") for line in lines)
    assert all(Decimal(line["price"]) in closes() for line in lines)
    blocked = [line for line in lines if line["verdict"] == "blocked"]
    assert {line["action"] for line in blocked} <= {"enter", "add"}
    assert len(blocked) < len(lines)


async def test_it_ticks_at_every_close_and_at_no_other_moment(database_url: str) -> None:
    async with stage(database_url) as (desk, broker):
        moved: list[datetime] = []

        async def move(moment: datetime) -> None:
            moved.append(moment)

        moments = moments_of(AT - COUNT * HOUR, AT - (COUNT - 29) * HOUR, HOUR)
        counts = await replay(desk, broker, moments, move_market=move)
    assert moved == moments
    assert counts.ticks == len(moments) == 30
    assert counts.market_calls == 2 * 30
    assert counts.regimes.total() == 30


def test_the_moments_are_the_closes_of_all_candles() -> None:
    assert moments_of(AT, AT + 2 * HOUR, HOUR) == [AT + HOUR, AT + 2 * HOUR, AT + 3 * HOUR]
    assert moments_of(AT, AT, HOUR) == [AT + HOUR]
    assert moments_of(AT, AT - HOUR, HOUR) == []
