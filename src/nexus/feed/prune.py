"""How long does a line stay in the feed? The feed is for reading; the ledger keeps everything."""

from datetime import timedelta

from sqlalchemy import delete, select

from nexus.core.clock import now, to_ms
from nexus.core.db import Database, Transaction
from nexus.feed.models import FeedItem
from nexus.feed.write import first_id_at

BATCH = 5_000


async def prune_feed(database: Database, days: int, batch: int = BATCH) -> int:
    """Forget lines older than `days`, `batch` in a transaction; give how many went."""
    before = first_id_at(to_ms(now() - timedelta(days=days)))
    forgotten, gone = 0, batch
    while gone == batch:
        async with database.transaction() as tx:
            gone = await _forget(tx, before, batch)
        forgotten += gone
    return forgotten


async def _forget(tx: Transaction, before: int, batch: int) -> int:
    oldest = select(FeedItem.id).where(FeedItem.id < before).order_by(FeedItem.id).limit(batch)
    gone = await tx.scalars(delete(FeedItem).where(FeedItem.id.in_(oldest)).returning(FeedItem.id))
    return len(gone.all())
