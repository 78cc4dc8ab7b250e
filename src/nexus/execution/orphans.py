"""An order at the exchange bears our name and stands in no book: buy nothing more, and say so.

Either the ledger lost a row, or somebody else sends under our name. Both mean that we no longer
know what we do, so nothing is bought until a person has looked. Exits are followed: they sell
only what our own fills have bought.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.models import User
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.execution.models import OrphanOrder
from nexus.mail.outbox import post
from nexus.regime.record import set_switch
from nexus.regime.stops import ENTRIES, EVERYTHING

log = structlog.get_logger()

NO_ENTRIES = f"{ENTRIES}{EVERYTHING}"
BY = "nexus"


@dataclass(frozen=True, slots=True)
class Orphan:
    """An order with our prefix that the ledger does not know."""

    account_id: int
    client_order_id: str
    market: str
    exchange_order_id: str


async def note_orphans(tx: Transaction, orphans: Sequence[Orphan]) -> None:
    """Note each orphan once; one that is new stops all entries."""
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
            do="compare the ledger with the exchange, then release the switch `entries:everything`",
        )
    if new:
        first = new[0]
        reason = (
            f"ORPHAN_ORDER: order {first.client_order_id} on account {first.account_id} has our"
            " name and is in no book. Find out who sent it before you go on."
        )
        await set_switch(tx, NO_ENTRIES, stopped=True, reason=reason, by=BY)
        await _page(tx, first)


async def _page(tx: Transaction, orphan: Orphan) -> None:
    """Owe every admin one mail, however many orphans were found at once."""
    admins = select(User.email).where(User.role == "admin")
    for email in (await tx.scalars(admins)).all():
        await post(tx, "orphan_order", email, **asdict(orphan))
