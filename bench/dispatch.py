"""How long from one decision until thousands of accounts have traded, beside a bare loop?

Ours goes the whole way: the decision is planned for every bot, the plans travel through the queue
to a real worker, which claims them, opens each key, signs, sends, and records every answer. The
clock starts when the plans are committed and stops when the last answer is. The peer is one
process with one session that only signs and sends, `ORDER_CONCURRENCY` at once. Both take turns on
the same exchange, which shares the machine with them, so that quote the ratio. The exchange takes
50 ms for every answer, as one far away does. `ACCOUNTS`, `ROUNDS`, `WORKERS` and `LATENCY_MS`
change the size.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal

from sqlalchemy import func, select

from bench.bare import send_bare
from bench.metronome import SHARE
from bench.stage import SYMBOL, Stage, open_stage
from nexus.core.clock import now
from nexus.core.queue import Doorbell, open_queue
from nexus.execution.jobs import orders_of
from nexus.execution.models import FillRow, OrderRow
from nexus.fanout.models import PlanRow
from nexus.fanout.plan import plan_for_bots
from nexus.market.models import TickerRow
from nexus.regime.classify import Regime
from nexus.regime.judge import Verdict
from nexus.regime.record import record
from nexus.strategy.book import load_books
from nexus.strategy.border import Action, Book, Decision
from nexus.strategy.decide import Proposal
from tests.databases import postgres_server, redis_server

ACCOUNTS = 5_000
ROUNDS = 4
WORKERS = 1
LATENCY_MS = 50
MOST_SECONDS = 180
LOOK_SECONDS = 0.1


@dataclass
class Times:
    """What the rounds of one side took, in seconds."""

    rounds: list[float] = field(default_factory=list)
    each: list[float] = field(default_factory=list)

    def told(self) -> str:
        """Give the median of the rounds, and of the orders the middle and the slow ones."""
        cuts = statistics.quantiles(self.each, n=20)
        rounds = ", ".join(f"{seconds:.1f}" for seconds in self.rounds)
        return (
            f"{statistics.median(self.rounds):6.2f} s ({rounds}), an order"
            f" p50 {cuts[9] * 1000:.0f} ms, p95 {cuts[18] * 1000:.0f} ms"
        )


async def measure(
    accounts: int | None = None,
    rounds: int | None = None,
    workers: int | None = None,
    latency_ms: int | None = None,
) -> str:
    """Let both send in turn; gives their medians and the ratio."""
    if latency_ms is None:
        latency_ms = int(os.environ.get("LATENCY_MS", LATENCY_MS))
    workers = workers or int(os.environ.get("WORKERS", WORKERS))
    accounts = accounts or int(os.environ.get("ACCOUNTS", ACCOUNTS))
    rounds = rounds or int(os.environ.get("ROUNDS", ROUNDS))
    environment = {"STRATEGIES": "bench.metronome:resting", "TIMEFRAME": "1m"}
    ours, bare, sent = Times(), Times(), 0
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        redis_url = f"{stack.enter_context(redis_server())}/0"
        stage = await stack.enter_async_context(
            open_stage(postgres, redis_url, accounts, environment, workers)
        )
        await stage.move_away(latency_ms)
        for number in range(rounds):
            sent += await _ours(stage, number, ours)
            await _bare(stage, number, bare)
        counted = await stage.stats()
        told = dict(stage.complaints())
    ratio = statistics.median(o / b for o, b in zip(ours.rounds, bare.rounds, strict=True))
    return (
        f"one decision for {accounts} accounts, {rounds} rounds in turn, {sent} orders by us,"
        f" workers: {workers}, latency: {latency_ms} ms\n"
        f"  nexus {ours.told()} from the decision to its record\n"
        f"  bare  {bare.told()} from its request to its answer\n"
        f"  ratio {ratio:6.2f}; 429: {counted['answered_429']}, 418: {counted['answered_418']},"
        f" rejected {counted['orders_rejected']}; warnings {told}"
    )


async def _ours(stage: Stage, number: int, times: Times) -> int:
    """Decide, ring, and wait until every order has been recorded; gives how many there were."""
    queue = open_queue(stage.settings.redis_url)
    try:
        plans, decided = await _decide(stage, number, Doorbell(queue))
    finally:
        await queue.disconnect()
    await _wait(stage, plans)
    async with stage.database.transaction() as tx:
        ended = await tx.scalars(
            select(OrderRow.updated_at).where(
                OrderRow.plan_id.in_(plans), OrderRow.status == "FILLED"
            )
        )
        waited = [(at - decided).total_seconds() for at in ended]
    if len(waited) != len(plans):
        raise RuntimeError(
            f"Only {len(waited)} of {len(plans)} plans became orders that filled."
            f" They became {await _became(stage, plans)}; the worker warned {stage.complaints()}."
        )
    times.rounds.append(max(waited))
    times.each += waited
    return len(plans)


async def _became(stage: Stage, plans: Sequence[int]) -> list[str]:
    """Count the states of plans and their orders, with the reasons."""
    state = (PlanRow.status, PlanRow.reason, OrderRow.status, OrderRow.reason)
    async with stage.database.transaction() as tx:
        counted = await tx.execute(
            select(*state, func.count())
            .outerjoin(OrderRow, OrderRow.plan_id == PlanRow.id)
            .where(PlanRow.id.in_(plans))
            .group_by(*state)
        )
        return [" ".join(map(str, row)) for row in counted]


async def _decide(stage: Stage, number: int, bell: Doorbell) -> tuple[list[int], datetime]:
    """Enter in even rounds and leave in odd ones."""
    enter = Decision(Action.ENTER, target_fraction=SHARE, layer=1, why="bench")
    async with stage.database.transaction() as tx:
        book = (await load_books(tx)).get(("metronome", SYMBOL), Book())
        price = await tx.scalar(select(TickerRow.price).where(TickerRow.symbol == SYMBOL))
        assert price is not None
        # In a future that the worker's own strategy is not asked about.
        candle = datetime(2100, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        wish = Decision(Action.EXIT, why="bench") if number % 2 else enter
        proposal = Proposal("metronome", SYMBOL, candle, price, wish, book)
        decision_id = await record(tx, proposal, Verdict("", "", Regime.BULLISH))
        assert decision_id is not None
        plans = await plan_for_bots(tx, decision_id, proposal, stage.settings)
        bell.after(tx, *orders_of(plans))
        decided = now()
    return list(plans), decided


async def _wait(stage: Stage, plans: Sequence[int]) -> None:
    """Wait until none of the plans is open; then what their orders became is told by the rows."""
    ends = time.monotonic() + MOST_SECONDS
    waiting = select(func.count()).where(
        PlanRow.id.between(min(plans), max(plans)), PlanRow.status.in_(("PLANNED", "ORDERED"))
    )
    while time.monotonic() < ends:
        async with stage.database.transaction() as tx:
            if not await tx.scalar(waiting):
                return
        await asyncio.sleep(LOOK_SECONDS)


async def _bare(stage: Stage, number: int, times: Times) -> None:
    """Send as many small orders with the same keys: what even rounds buy, odd ones sell."""
    async with stage.database.transaction() as tx:
        price = await tx.scalar(select(func.max(FillRow.price)))
    assert price is not None
    # Twenty dollars' worth, and a little less when it is sold, because the fee was taken from it.
    worth = Decimal(20 - 5 * (number % 2))
    quantity = (worth / price).quantize(Decimal("0.00001"), ROUND_UP)
    side = "SELL" if number % 2 else "BUY"
    seconds, each = await send_bare(
        stage.simulator.url, stage.keys, side, str(quantity), stage.settings.order_concurrency
    )
    times.rounds.append(seconds)
    times.each += each
