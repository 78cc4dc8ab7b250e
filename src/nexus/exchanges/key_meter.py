"""How often are keys opened? Counted per hour; a rate that is not like the hours before alarms.

Whoever reads every key reads it with our own code: the number is what would show it.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.core.clock import now
from nexus.core.db import Database, Transaction, among
from nexus.exchanges.models import ApiKey, KeyOpening

log = structlog.get_logger()

LEAST_ALARMING = 20_000
"""Openings in an hour below which nothing is said: starting up or a busy market reach these."""
TIMES_THE_USUAL = 3
USUAL_OVER = timedelta(days=7)


class KeyMeter:
    """Counts in this process; `write_openings` adds it to what all the others counted."""

    def __init__(self) -> None:
        self.opened = 0
        self.accounts: set[int] = set()

    def count(self, account_id: int) -> None:
        """Note that a key is being opened."""
        self.opened += 1
        self.accounts.add(account_id)

    def take(self) -> tuple[int, set[int]]:
        """Give what was counted, and start again."""
        taken = self.opened, self.accounts
        self.opened, self.accounts = 0, set()
        return taken


async def write_openings(database: Database, meter: KeyMeter) -> None:
    """Write down what was opened since the last time, and say so once an hour if it is a lot."""
    opened, accounts = meter.take()
    if not opened:
        return
    moment = now()
    hour = moment.replace(minute=0, second=0, microsecond=0)
    async with database.transaction() as tx:
        used = update(ApiKey).where(among(ApiKey.account_id, accounts))
        await tx.execute(used.values(last_used_at=moment))
        so_far, alarmed = await _add(tx, hour, opened)
        usual = await _usual(tx, hour)
        unusual = so_far > max(LEAST_ALARMING, TIMES_THE_USUAL * usual)
        if unusual and not alarmed:
            await tx.execute(update(KeyOpening).where(KeyOpening.hour == hour).values(alarmed=True))
            log.error("exchange_keys_opened_unusually_often", opened=so_far, usual=usual)


async def _add(tx: Transaction, hour: datetime, opened: int) -> tuple[int, bool]:
    added = insert(KeyOpening).values(hour=hour, opened=opened, alarmed=False)
    row = await tx.execute(
        added.on_conflict_do_update(
            index_elements=["hour"], set_={"opened": KeyOpening.opened + opened}
        ).returning(KeyOpening.opened, KeyOpening.alarmed)
    )
    so_far, alarmed = row.one()
    return so_far, alarmed


async def _usual(tx: Transaction, hour: datetime) -> int:
    """Give the busiest of the hours before."""
    before = select(func.max(KeyOpening.opened)).where(
        KeyOpening.hour < hour, KeyOpening.hour >= hour - USUAL_OVER
    )
    return await tx.scalar(before) or 0
