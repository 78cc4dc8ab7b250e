"""The jobs of accounts: erase who asked for it, and put the audit's newest hash into the log."""

from typing import Any

from nexus.accounts.delete import erase_due
from nexus.accounts.verify_audit import publish_head
from nexus.core.db import Database
from nexus.core.queue import job


@job(timeout=300)
async def erase_people(ctx: dict[str, Any]) -> None:
    """Close and erase the accounts whose two weeks are over."""
    database: Database = ctx["database"]
    await erase_due(database)


@job(timeout=60)
async def publish_audit_head(ctx: dict[str, Any]) -> None:
    """Write where the audit ends to where nobody with the database can reach it."""
    database: Database = ctx["database"]
    async with database.transaction() as tx:
        await publish_head(tx)
