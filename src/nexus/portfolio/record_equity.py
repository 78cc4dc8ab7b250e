"""What does everybody's account come to now? One statement per round writes it for all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.portfolio.models import EquityPoint
from nexus.portfolio.weigh_accounts import weighed

EVERY: Final = timedelta(minutes=15)
"""Every zone's midnight falls on a quarter of an hour, so every day has a point it begins with."""
THINNED: Final = (
    (timedelta(days=2), timedelta(hours=1)),
    (timedelta(days=8), timedelta(hours=4)),
    (timedelta(days=35), timedelta(days=1)),
)
"""From which age on one point per how long is kept: the first of it."""
FORGOTTEN: Final = timedelta(days=5 * 365)
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
BATCH: Final = 20_000
COLUMNS = ("account_id", "quote", "at", "free", "held", "result")


async def record_equity(database: Database, stale_seconds: int) -> int:
    """Write this quarter's point of every account whose prices are known; give how many."""
    moment = now()
    at = moment - (moment - BEGINNING) % EVERY
    points = _points(at, fresh_since=moment - timedelta(seconds=stale_seconds))
    # Several workers may come to the same quarter; the first one's point stands.
    adding = insert(EquityPoint).from_select(COLUMNS, points).on_conflict_do_nothing()
    async with database.transaction() as tx:
        added = await tx.execute(adding.returning(EquityPoint.account_id))
        return len(added.all())


def _points(at: datetime, *, fresh_since: datetime) -> Select[*tuple[Any, ...]]:
    """Select the point of each account that is known."""
    now_worth = weighed(fresh_since).subquery()
    columns = now_worth.c
    return select(
        columns.account_id,
        columns.quote,
        literal(at, EquityPoint.at.type),
        columns.free,
        columns.held,
        columns.result,
    ).where(columns.known)


async def thin_equity(database: Database, batch: int = BATCH) -> int:
    """Keep fewer points of what is long past, and none of what is too long; give how many went."""
    moment = now()
    ages = [EquityPoint.at < moment - FORGOTTEN]
    ages += [_is_not_first(moment - age, length) for age, length in THINNED]
    gone = 0
    for which in ages:
        lost = batch
        while lost == batch:
            async with database.transaction() as tx:
                lost = await _forget(tx, which, batch)
            gone += lost
    return gone


def _is_not_first(before: datetime, length: timedelta) -> ColumnElement[bool]:
    """Select points that have an earlier one of the same account in the same `length`."""
    earlier = aliased(EquityPoint)
    begin = func.date_bin(length, EquityPoint.at, BEGINNING)
    return and_(
        EquityPoint.at < before,
        select(earlier.at)
        .where(
            earlier.account_id == EquityPoint.account_id,
            earlier.quote == EquityPoint.quote,
            earlier.at >= begin,
            earlier.at < EquityPoint.at,
        )
        .exists(),
    )


async def _forget(tx: Transaction, which: ColumnElement[bool], batch: int) -> int:
    key = tuple_(EquityPoint.account_id, EquityPoint.quote, EquityPoint.at)
    some = select(EquityPoint.account_id, EquityPoint.quote, EquityPoint.at).where(which)
    gone = delete(EquityPoint).where(key.in_(some.limit(batch))).returning(EquityPoint.account_id)
    return len((await tx.execute(gone)).all())
