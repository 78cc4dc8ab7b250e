"""How are we connected to the exchanges? What an operator looks at when orders come late."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from nexus.core.clock import now
from nexus.core.db import Transaction, one_of
from nexus.exchanges.models import ExchangeAccount, StreamLease
from nexus.exchanges.stream_leases import SHARD, heard_accounts
from nexus.execution.models import OrderRow, OrphanOrder


@dataclass(frozen=True, slots=True)
class Connected:
    """The accounts with a working key, and how far behind what we know of them may be."""

    accounts: int
    heard: int
    """Those whose fills and balances some worker listens for now."""
    oldest_balances: datetime | None
    """When the account that waits longest had its balances read; None when one never had."""
    oldest_orders: datetime | None
    """When the account that waits longest was compared; None when one never was."""

    @property
    def unheard(self) -> int:
        """Accounts whose orders are only asked about, until somebody listens again."""
        return self.accounts - self.heard


@dataclass(frozen=True, slots=True)
class KeysOf:
    """How many accounts of a venue have a key in this state."""

    venue: str
    health: str
    accounts: int


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is not known, or should not be."""

    unknown: int
    """Orders whose fate is being asked for."""
    orphans: int
    """Orders under our name that no ledger knows, ever."""


async def view_connected(tx: Transaction) -> Connected:
    """Count who should be heard and who is."""
    account = heard_accounts().order_by(None).subquery()
    held = and_(
        StreamLease.venue == account.c.venue,
        StreamLease.egress == account.c.egress,
        StreamLease.shard == (account.c.id - 1) // SHARD,
        StreamLease.until > now(),
    )
    rows = await tx.execute(
        select(func.count(), func.count(StreamLease.shard))
        .select_from(account)
        .outerjoin(StreamLease, held)
    )
    accounts, heard = rows.one()
    table = ExchangeAccount
    oldest = select(_oldest(table.balances_at), _oldest(table.orders_checked_at))
    balances, orders = (await tx.execute(oldest.where(table.id.in_(select(account.c.id))))).one()
    return Connected(accounts, heard, balances, orders)


def _oldest(moment: InstrumentedAttribute[datetime | None]) -> ColumnElement[datetime | None]:
    """Give the oldest moment, and none when one is missing."""
    return case((func.count() == func.count(moment), func.min(moment)))


async def view_keys(tx: Transaction) -> list[KeysOf]:
    """Count the accounts at exchanges by venue and by the health of their key."""
    table = ExchangeAccount
    rows = await tx.execute(
        select(table.venue, table.health, func.count())
        .where(table.status != "removed", table.venue != "paper")
        .group_by(table.venue, table.health)
        .order_by(table.venue, table.health)
    )
    return [KeysOf(*row) for row in rows]


async def view_doubts(tx: Transaction) -> Doubts:
    """Count the orders whose fate is asked for, and those that should not exist."""
    open_orders = one_of(OrderRow.status, "SENDING", "UNKNOWN", "ACKED")
    unknown = select(func.count()).where(open_orders, OrderRow.status == "UNKNOWN")
    orphans = select(func.count()).select_from(OrphanOrder)
    return Doubts(await tx.scalar(unknown) or 0, await tx.scalar(orphans) or 0)
