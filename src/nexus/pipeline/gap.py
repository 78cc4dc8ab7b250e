"""Is this database as old as it looks? After a long gap trading starts stopped.

Whoever restores yesterday's backup has a ledger that knows nothing of today's orders: what it
still wants to send may have been sent. Such a database gives itself away by its newest tick,
because workers tick every few seconds, whatever the market does. The same is true of one that
nobody worked on for long, and there, too, somebody should look before orders go out.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select

from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.pipeline.models import TickSlot
from nexus.regime.models import Switch
from nexus.regime.record import set_switch

log = structlog.get_logger()

BY = "the gap in the ticks"


async def stop_after_gap(database: Database, longest_seconds: int) -> bool:
    """Stop everything when the newest tick is older than so many seconds; 0 looks at nothing.

    Asked before a worker takes its first job and before each tick, whose slot ends the gap: a
    stop that an operator has released is not made again.
    """
    if not longest_seconds:
        return False
    async with database.transaction() as tx:
        newest = await tx.scalar(select(func.max(TickSlot.slot)))
        if newest is None or now() - newest <= timedelta(seconds=longest_seconds):
            return False
        if await _is_stopped(tx):
            return False
        reason = _reason(newest)
        await set_switch(tx, "everything", stopped=True, reason=reason, by=BY)
    log.error("started_stopped", newest_tick=newest.isoformat(), reason=reason)
    return True


async def _is_stopped(tx: Transaction) -> bool:
    stopped = await tx.scalar(select(Switch.stopped).where(Switch.name == "everything"))
    return bool(stopped)


def _reason(newest: datetime) -> str:
    return (
        f"The newest tick in this database is of {newest:%Y-%m-%d %H:%M} UTC: it was restored from"
        " a backup, or nothing ran since. Compare it with the exchange, then release this."
    )
