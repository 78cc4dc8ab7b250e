"""An order at the exchange bears our name and stands in no book: buy nothing more, and say so.

Either the ledger lost a row, or somebody else sends under our name. Nothing is bought on that
account until a person has looked; on two accounts within an hour it is no customer's own doing,
and nothing is bought for anybody. One customer alone can so stop nobody but themselves. Exits are
followed: they sell only what our own fills have bought.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.models import User
from nexus.core.clock import now
from nexus.core.db import Transaction, among
from nexus.exchanges.models import ExchangeAccount
from nexus.execution.models import OrphanOrder
from nexus.mail.outbox import post
from nexus.regime.record import set_switch
from nexus.regime.stops import ENTRIES, EVERYTHING

log = structlog.get_logger()

NO_ENTRIES = f"{ENTRIES}{EVERYTHING}"
BY = "nexus"
PAUSED = "The exchange has an order under our name that we did not send. We look into it."
TOGETHER = timedelta(hours=1)
"""Orphans of two accounts within this time stop everybody's entries."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """An order with our prefix that the ledger does not know."""

    account_id: int
    client_order_id: str
    market: str
    exchange_order_id: str


async def note_orphans(tx: Transaction, orphans: Sequence[Orphan]) -> None:
    """Note each orphan once; one that is new stops the entries of its account, two those of all."""
    new = []
    for orphan in orphans:
        added = await tx.scalar(
            insert(OrphanOrder)
            .values(
                account_id=orphan.account_id,
                client_order_id=orphan.client_order_id,
                market=orphan.market,
                exchange_order_id=orphan.exchange_order_id,
                seen_at=now(),
            )
            .on_conflict_do_nothing()
            .returning(OrphanOrder.client_order_id)
        )
        if added is not None:
            new.append(orphan)
    for orphan in new:
        log.error(
            "orphan_order",
            account=orphan.account_id,
            client_id=orphan.client_order_id,
            market=orphan.market,
            do="compare the ledger with the exchange, then let the account or all buy again",
        )
    if not new:
        return
    await _pause_accounts(tx, new)
    everywhere = await _accounts_of_late(tx) > 1
    if everywhere:
        first = new[0]
        reason = (
            f"Order {first.client_order_id} on account {first.account_id} has our name and stands"
            " in no book, and it is not the only account. Find out who sent them before you go on."
        )
        await set_switch(tx, NO_ENTRIES, stopped=True, reason=reason, by=BY)
    await _page(tx, new[0], everywhere=everywhere)


async def _pause_accounts(tx: Transaction, orphans: Sequence[Orphan]) -> None:
    """Pause the accounts as their owners would, so that the pause outlives a look at the key."""
    await tx.execute(
        update(ExchangeAccount)
        .where(
            among(ExchangeAccount.id, {orphan.account_id for orphan in orphans}),
            ExchangeAccount.status == "active",
        )
        .values(status="paused", status_reason=PAUSED, paused_at=now())
    )


async def _accounts_of_late(tx: Transaction) -> int:
    late = select(func.count(OrphanOrder.account_id.distinct())).where(
        OrphanOrder.seen_at > now() - TOGETHER
    )
    return await tx.scalar(late) or 0


async def _page(tx: Transaction, orphan: Orphan, *, everywhere: bool) -> None:
    """Owe every admin one mail, however many orphans were found at once."""
    admins = select(User.email).where(User.role == "admin")
    for email in (await tx.scalars(admins)).all():
        await post(tx, "orphan_order", email, everywhere=everywhere, **asdict(orphan))
