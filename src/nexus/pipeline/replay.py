"""Run years of history through the very same pipeline, and say what was decided and done.

It is a replay, not a backtest: no profit is reported. The clock is set to each candle's close
in turn; everything else is the code that trades.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TextIO

from nexus.core import clock
from nexus.core.db import Transaction
from nexus.core.queue import Ring
from nexus.execution.broker import Broker
from nexus.pipeline.desk import Desk
from nexus.pipeline.sweep import run_sweep
from nexus.pipeline.tick import TickOutcome, run_tick
from nexus.regime.judge import Verdict
from nexus.strategy.decide import Proposal


class BellOfOne:
    """Does each job at once, in this process: a replay has no workers and loses no ring."""

    def __init__(self) -> None:
        self.context: dict[str, Any] = {}

    async def ring(self, *rings: Ring) -> None:
        """Do the jobs now."""
        for ring in rings:
            await ring.job.function(self.context, **ring.kwargs)

    def after(self, tx: Transaction, *rings: Ring) -> None:
        """Do the jobs once `tx` has been committed."""
        tx.after_commit(lambda: self.ring(*rings))


@dataclass
class ReplayCounts:
    """What happened while the candles were replayed."""

    ticks: int = 0
    regimes: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    blocked: Counter[str] = field(default_factory=Counter)
    market_calls: int = 0

    def add(self, outcome: TickOutcome) -> None:
        """Count one tick."""
        self.ticks += 1
        self.market_calls += outcome.calls
        self.regimes.update(outcome.regimes.values())
        for proposal, verdict in outcome.decided:
            self.decisions[str(proposal.decision.action)] += 1
            if verdict.blocked:
                self.blocked[verdict.code] += 1


async def replay(
    desk: Desk,
    broker: Broker,
    moments: Sequence[datetime],
    *,
    move_market: Callable[[datetime], Any] | None = None,
    trace: TextIO | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> ReplayCounts:
    """Tick at each moment in turn; write a line per decision to `trace`."""
    counts = ReplayCounts()
    hands = clock.SetClock(moments[0])
    with clock.use(hands):
        for number, moment in enumerate(moments, start=1):
            hands.at = moment
            if move_market is not None:
                await move_market(moment)
            outcome = await run_tick(desk, moment)
            counts.add(outcome)
            if outcome.planned or number % SWEPT_EVERY == 0:
                await run_sweep(broker)
            if trace is not None:
                trace.writelines(_trace_lines(outcome))
            progress(number)
    return counts


SWEPT_EVERY = 24
"""Ticks between two sweeps when nothing was planned."""


def moments_of(first: datetime, last: datetime, timeframe: timedelta) -> list[datetime]:
    """List the closing times of all candles from `first` to `last` (their opening times)."""
    count = (last - first) // timeframe + 1
    return [first + timeframe * (number + 1) for number in range(count)]


def _trace_lines(outcome: TickOutcome) -> Iterator[str]:
    for proposal, verdict in outcome.decided:
        yield json.dumps(_trace(proposal, verdict), separators=(",", ":")) + "\n"


def _trace(proposal: Proposal, verdict: Verdict) -> dict[str, Any]:
    """Give one decision as it stands in the trace; nothing in it depends on run or venue."""
    return {
        "candle": proposal.candle.isoformat().replace("+00:00", "Z"),
        "strategy": proposal.strategy,
        "symbol": proposal.symbol,
        "action": str(proposal.decision.action),
        "layer": proposal.decision.layer,
        "price": f"{proposal.price.normalize():f}",
        "regime": str(verdict.regime),
        "verdict": "blocked" if verdict.blocked else "passed",
        "reason": verdict.code or verdict.reason,
    }
