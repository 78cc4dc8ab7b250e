"""Whose turn is it to look? One tick at a time, across any number of workers.

A slot is a row whose primary key is the moment it stands for. Claiming happens under an
advisory lock that lives only as long as its short transaction, so a transaction pooler does
not break it; while a tick runs, its lease keeps the others away.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.pipeline.models import TickSlot

TICK_LOCK = 7_402_001
"""The advisory lock's number; any constant that nothing else uses."""
LEASE = timedelta(seconds=30)


def slot_of(at: datetime, seconds: int) -> datetime:
    """Give the slot that a moment belongs to."""
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


async def claim_slot(database: Database, slot: datetime, worker: str) -> bool:
    """Claim a slot; False when it is taken, or another tick is still under way."""
    async with database.transaction() as tx:
        if not await tx.scalar(select(func.pg_try_advisory_xact_lock(TICK_LOCK))):
            return False
        under_way = exists().where(
            TickSlot.finished_at.is_(None), TickSlot.lease_until > now(), TickSlot.slot != slot
        )
        if await tx.scalar(select(under_way)):
            return False
        claimed = await tx.scalar(
            insert(TickSlot)
            .values(slot=slot, worker=worker, claimed_at=now(), lease_until=now() + LEASE)
            .on_conflict_do_nothing()
            .returning(TickSlot.slot)
        )
        return claimed is not None


async def finish_slot(database: Database, slot: datetime, outcome: dict[str, Any]) -> None:
    """Note that a tick has ended, and what came of it."""
    async with database.transaction() as tx:
        await tx.execute(
            update(TickSlot).where(TickSlot.slot == slot).values(finished_at=now(), outcome=outcome)
        )
