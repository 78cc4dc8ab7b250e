"""Run the tick that is due now, once, and write down what came of it."""

from collections import Counter
from typing import Any

import structlog

from nexus.core.clock import now
from nexus.pipeline.desk import Desk
from nexus.pipeline.gap import stop_after_gap
from nexus.pipeline.slots import claim_slot, finish_slot, slot_of
from nexus.pipeline.tick import TickOutcome, run_tick

log = structlog.get_logger()


async def run_due_tick(desk: Desk) -> TickOutcome | None:
    """Claim this moment's slot and run its tick; None when it is not ours.

    Missed slots stay missing: nothing is decided late on prices that are gone.
    """
    await stop_after_gap(desk.database, desk.settings.stop_after_gap_seconds)
    slot = slot_of(now(), desk.settings.tick_seconds)
    if not await claim_slot(desk.database, slot, desk.worker):
        return None
    outcome = None
    try:
        outcome = await run_tick(desk, now())
    finally:
        summary = {"failed": True} if outcome is None else summarise(outcome)
        await finish_slot(desk.database, slot, summary)
    log.info("tick", **summary)
    return outcome


def summarise(outcome: TickOutcome) -> dict[str, Any]:
    """Give a tick in a few numbers."""
    passed = Counter(str(p.decision.action) for p, v in outcome.decided if not v.blocked)
    blocked = Counter(v.code for _, v in outcome.decided if v.blocked)
    return {
        "calls": outcome.calls,
        "regimes": outcome.regimes,
        "passed": dict(passed),
        "blocked": dict(blocked),
        "planned": outcome.planned,
        "refused": outcome.refused,
    }
