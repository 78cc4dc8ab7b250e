"""The sentence. One look at the market, one decision, thousands of executions.

    observe the market -> decide -> judge -> record -> plan for the bots -> ring for execution

Nothing else may call one stage from another.
"""

from dataclasses import dataclass, field
from datetime import datetime

from nexus.execution.jobs import orders_of
from nexus.fanout.plan import plan_for_bots
from nexus.pipeline.desk import Desk
from nexus.regime.judge import Verdict
from nexus.regime.record import open_gate, record
from nexus.strategy.book import keep_book, load_books
from nexus.strategy.decide import Proposal, ask
from nexus.strategy.protect import leave_at_stop


@dataclass
class TickOutcome:
    """What came of one tick, for the log, the page and the replay."""

    at: datetime
    calls: int
    refused: dict[str, int]
    regimes: dict[str, str]
    decided: list[tuple[Proposal, Verdict]] = field(default_factory=list)
    planned: int = 0
    """Orders that were planned, over all bots."""


async def run_tick(desk: Desk, at: datetime) -> TickOutcome:
    """Take one look at the market, and do for everyone what follows from it."""
    snapshot = await desk.observer.observe(at)
    async with desk.database.transaction() as tx:
        await desk.observer.store(tx)
        gate = await open_gate(tx, snapshot, desk.settings, desk.longest_pause)
        books = await load_books(tx)
    outcome = TickOutcome(at, snapshot.calls, snapshot.refused, gate.regimes)

    for strategy, symbol in desk.hosted():
        proposal = leave_at_stop(strategy, symbol, snapshot, books)
        proposal = proposal or ask(strategy, symbol, snapshot, books)
        if proposal is None:
            continue  # No candle has closed that it was not asked about.
        async with desk.database.transaction() as tx:
            if proposal.decision.is_hold:
                await keep_book(tx, proposal)
                continue
            verdict = gate.judge(proposal)
            decision_id = await record(tx, proposal, verdict)
            if decision_id is None:
                continue  # Another worker has decided this candle.
            outcome.decided.append((proposal, verdict))
            if verdict.blocked:
                continue
            plans = await plan_for_bots(tx, decision_id, proposal, desk.settings)
            outcome.planned += len(plans)
            desk.bell.after(tx, *orders_of(plans))
    return outcome
