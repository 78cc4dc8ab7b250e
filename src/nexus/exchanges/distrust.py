"""What becomes of an account whose key its exchange does not accept any more?

Nothing more is sent for it. The next round of `health.py` asks the exchange why, within a minute,
and tells the owner.
"""

from collections.abc import Collection

import structlog
from sqlalchemy import update

from nexus.core.db import Database, Transaction, among
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Account

log = structlog.get_logger()

AT_REST = ("removed", "key_invalid")


async def distrust_keys(tx: Transaction, account_ids: Collection[int]) -> None:
    """Stop accounts whose key was not accepted, and let their keys be checked next."""
    if not account_ids:
        return
    await tx.execute(
        update(ExchangeAccount)
        .where(among(ExchangeAccount.id, account_ids), ExchangeAccount.status.not_in(AT_REST))
        .values(
            status="key_invalid",
            status_reason="The exchange no longer accepts this key.",
            health_at=None,
        )
    )


async def distrust_asked_key(database: Database, account: Account) -> None:
    """Stop an account whose key was not accepted with a question, unless it was replaced since."""
    async with database.transaction() as tx:
        held = await tx.get(ExchangeAccount, account.id, with_for_update=True)
        if held is not None and held.key_version == account.key_version:
            log.warning("key_not_accepted", account=account.id)
            await distrust_keys(tx, [account.id])
