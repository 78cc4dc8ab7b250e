"""The jobs that keep our record of accounts and venues true, slowly and off the path."""

from typing import Any

from nexus.core.queue import job
from nexus.exchanges.refresh import refresh_all_filters, refresh_oldest_accounts


@job(timeout=55)
async def refresh_accounts(ctx: dict[str, Any]) -> None:
    """Read the balances of the accounts we have not asked about for longest."""
    await refresh_oldest_accounts(ctx["desk"].database, ctx["exchanges"])


@job(timeout=55)
async def refresh_filters(ctx: dict[str, Any]) -> None:
    """Read what each venue demands of orders now."""
    desk = ctx["desk"]
    await refresh_all_filters(desk.database, ctx["exchanges"], desk.settings.symbols)
