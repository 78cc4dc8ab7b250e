"""Which worker hears which accounts? Each thousand of an egress is leased to one of them.

A lease is a row with an end, not a lock: a transaction pooler may stand before PostgreSQL, and a
worker that died gives nothing back. A shard is a thousand account ids in a row, so it never has
more accounts than a connection may carry, and nobody moves when an account comes or goes.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.models import ApiKey, ExchangeAccount, StreamLease
from nexus.exchanges.protocol import Account

SHARD = 1_000
LEASE = timedelta(seconds=15)
"""How long a worker that is gone keeps its accounts from the others."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Up to a thousand accounts of one egress, which share a connection."""

    venue: str
    egress: str
    number: int


async def hold_shards(
    tx: Transaction, holder: str, venues: Collection[str]
) -> Mapping[Shard, Sequence[Account]]:
    """Renew what `holder` has, take one more that nobody has, and give the accounts of each.

    One at a time, so that workers which start together share.
    """
    wanted = await _accounts(tx, venues)
    at = now()
    rows = (await tx.execute(select(*KEY, StreamLease.holder, StreamLease.until))).all()
    mine = [Shard(*row[:3]) for row in rows if row.holder == holder]
    taken = {Shard(*row[:3]) for row in rows if row.until > at}
    await release_shards(tx, holder, [shard for shard in mine if shard not in wanted])
    renewed = await tx.execute(
        update(StreamLease)
        .where(StreamLease.holder == holder)
        .values(until=at + LEASE)
        .returning(*KEY)
    )
    held = {Shard(*row) for row in renewed}
    free = sorted((s for s in wanted if s not in taken | held), key=str)
    if free and await _take(tx, holder, free[0]):
        held.add(free[0])
    return {shard: wanted[shard] for shard in held}


async def release_shards(
    tx: Transaction, holder: str, shards: Sequence[Shard] | None = None
) -> None:
    """Give shards back, all of them unless some are named; the next worker takes them at once."""
    mine: ColumnElement[bool] = StreamLease.holder == holder
    if shards is not None:
        names = [(shard.venue, shard.egress, shard.number) for shard in shards]
        mine = mine & tuple_(*KEY).in_(names)
    await tx.execute(delete(StreamLease).where(mine))


KEY = (StreamLease.venue, StreamLease.egress, StreamLease.shard)


async def _take(tx: Transaction, holder: str, shard: Shard) -> bool:
    """Take a shard unless somebody was quicker."""
    values = {"holder": holder, "until": now() + LEASE}
    taken = await tx.scalar(
        insert(StreamLease)
        .values(venue=shard.venue, egress=shard.egress, shard=shard.number, **values)
        .on_conflict_do_update(
            index_elements=["venue", "egress", "shard"],
            set_=values,
            where=StreamLease.until <= now(),
        )
        .returning(StreamLease.holder)
    )
    return taken == holder


async def _accounts(tx: Transaction, venues: Collection[str]) -> Mapping[Shard, Sequence[Account]]:
    """Read whose events are wanted: every account whose key works and is still there."""
    shards: dict[Shard, list[Account]] = defaultdict(list)
    for row in await tx.execute(heard_accounts().where(ExchangeAccount.venue.in_(venues))):
        account = Account(*row)
        shard = Shard(account.venue, account.egress, (account.id - 1) // SHARD)
        shards[shard].append(account)
    return shards


def heard_accounts() -> Select[int, str, str, int]:
    """Select the accounts with a working key, as `Account` wants them."""
    return (
        select(
            ExchangeAccount.id,
            ExchangeAccount.venue,
            ExchangeAccount.egress,
            ExchangeAccount.key_version,
        )
        .join(ApiKey, ApiKey.account_id == ExchangeAccount.id)
        .where(
            ExchangeAccount.status.in_(("active", "paused", "exits_only")),
            ApiKey.destroyed_at.is_(None),
        )
        .order_by(ExchangeAccount.id)
    )
