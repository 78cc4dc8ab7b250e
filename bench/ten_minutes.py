"""Do thousands of accounts keep to the exchange's limits? Ten minutes of trading, as it counts.

Two worlds run side by side through the same minutes: one with everybody and one with a single
account, each with its own exchange, worker, database and Valkey. So the calls for market data can
be compared tick by tick. `DURATION` (seconds) and `ACCOUNTS` change the size.
"""

import asyncio
import os
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bench.stage import Stage, open_stage
from nexus.core.clock import now
from nexus.core.db import upsert
from nexus.fanout.models import PlanRow
from nexus.pipeline.audit import Audit, audit
from nexus.pipeline.models import TickSlot
from nexus.regime.models import Switch
from tests.databases import postgres_server, redis_server

ACCOUNTS = 5_000
SECONDS = 600
WEIGHT_LIMIT = 6_000
LOOK_SECONDS = 0.5
SETTLE_SECONDS = 120
WAITING = ("PLANNED", "ORDERED")


@dataclass
class World:
    """One exchange's counts, watched while it runs."""

    stage: Stage
    most_weight: int = 0
    last: dict[str, Any] = field(default_factory=dict)

    async def watch(self, seconds: float) -> None:
        """Look at the exchange's counts again and again."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Note the weight used in the exchange's present minute."""
        self.last = await self.stage.stats()
        self.most_weight = max(self.most_weight, *self.last["weight_used_1m"].values(), 0)

    async def calls_by_tick(self) -> dict[datetime, int]:
        """Give the calls for market data of every finished tick but the first, which fills up."""
        async with self.stage.database.transaction() as tx:
            rows = await tx.execute(
                select(TickSlot.slot, TickSlot.outcome)
                .where(TickSlot.finished_at.is_not(None))
                .order_by(TickSlot.slot)
            )
            ticks = {row.slot: row.outcome for row in rows.all()[1:]}
        return {slot: outcome["calls"] for slot, outcome in ticks.items() if "calls" in outcome}


async def measure(
    accounts: int | None = None, seconds: float | None = None, timeframe: str = "1m"
) -> str:
    """Let both worlds trade; gives what their exchanges counted."""
    accounts = accounts or int(os.environ.get("ACCOUNTS", ACCOUNTS))
    seconds = seconds or float(os.environ.get("DURATION", SECONDS))
    environment = {"STRATEGIES": "bench.metronome:beating", "TIMEFRAME": timeframe}
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        crowd, one = [
            World(
                await stack.enter_async_context(
                    open_stage(
                        postgres, f"{stack.enter_context(redis_server())}/0", count, environment
                    )
                )
            )
            for count in (accounts, 1)
        ]
        await asyncio.gather(crowd.watch(seconds), one.watch(seconds))
        ticks = await crowd.calls_by_tick(), await one.calls_by_tick()
        counted = dict(crowd.last)
        await _settle(crowd)
        await crowd.look()
        judged = await _judge(crowd.stage)
        reasons = await _reasons(crowd.stage)
        told = crowd.stage.complaints()
    return "\n".join(
        [
            f"{accounts} accounts, {seconds:.0f} s of trading, candles of {timeframe}",
            _calls(*ticks),
            (
                f"  used weight: at most {crowd.most_weight} a minute of {WEIGHT_LIMIT};"
                f" 429: {counted['answered_429']}, 418: {counted['answered_418']}"
            ),
            (
                f"  orders accepted {crowd.last['orders_accepted']},"
                f" rejected {crowd.last['orders_rejected']}; ledger {judged.orders},"
                f" plans {judged.plans} {reasons}"
            ),
            (
                f"  sent twice {judged.duplicate_orders}, not in the ledger {judged.orphan_orders},"
                f" disagreements {len(judged.mistakes)}; warnings {dict(told)}"
            ),
        ]
    )


async def _settle(world: World) -> None:
    """Stop everything and wait until nothing is under way; what is still open then is counted."""
    async with world.stage.database.transaction() as tx:
        stop = {
            "name": "everything", "stopped": True, "reason": "bench",
            "changed_at": now(), "changed_by": "bench",
        }  # fmt: skip
        await upsert(tx, Switch, [stop], keys=["name"])
    ends = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < ends:
        await world.look()
        async with world.stage.database.transaction() as tx:
            open_plans = select(func.count()).where(PlanRow.status.in_(WAITING))
            if not await tx.scalar(open_plans):
                return
        await asyncio.sleep(LOOK_SECONDS)


async def _judge(stage: Stage) -> Audit:
    accepted = await stage.simulator.accepted_orders()
    async with stage.database.transaction() as tx:
        return await audit(tx, accepted)


async def _reasons(stage: Stage) -> dict[str, int]:
    """Count why plans ended without an order, by the first word of the reason."""
    async with stage.database.transaction() as tx:
        ended = await tx.scalars(select(PlanRow.reason).where(PlanRow.reason != ""))
        return dict(Counter(reason.split(":")[0] for reason in ended))


def _calls(crowd: dict[datetime, int], one: dict[datetime, int]) -> str:
    """Compare the calls of the ticks that both worlds ran."""
    both = sorted(crowd.keys() & one.keys())
    ours, theirs = (sum(calls[slot] for slot in both) for calls in (crowd, one))
    return (
        f"  market calls in {len(both)} ticks that both ran: {ours} with everybody,"
        f" {theirs} with one account; ticks run: {len(crowd)} and {len(one)}"
    )
