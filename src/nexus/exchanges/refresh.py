"""Keep our record true: balances by a slow round over all accounts, filters every few minutes."""

from collections.abc import Sequence

import structlog
from sqlalchemy import Select, select, update

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.exchanges.balances import refresh_balances
from nexus.exchanges.filters import store_filters
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Account, ExchangeAwayError
from nexus.exchanges.registry import Exchanges

log = structlog.get_logger()

ACCOUNTS_A_MINUTE = 60
"""At weight 20 each this is a fifth of what one address may ask of Binance."""


async def refresh_oldest_accounts(
    database: Database, exchanges: Exchanges, *, busy: Select[int]
) -> None:
    """Read the balances of the accounts whose record is oldest; one that fails waits its turn.

    `busy` selects the accounts with an open order: a fill that the venue counts already and we
    have not booked yet would be counted twice.
    """
    async with database.transaction() as tx:
        rows = await tx.scalars(
            select(ExchangeAccount)
            .where(
                ExchangeAccount.status.in_(("active", "paused", "exits_only")),
                ExchangeAccount.id.not_in(busy),
            )
            .order_by(ExchangeAccount.balances_at.asc().nulls_first())
            .limit(ACCOUNTS_A_MINUTE)
        )
        accounts = [Account(row.id, row.venue, row.egress, row.key_version) for row in rows]
        # Their turn is over now, however it goes: accounts that fail must not keep others waiting.
        asked = update(ExchangeAccount).where(ExchangeAccount.id.in_([a.id for a in accounts]))
        await tx.execute(asked.values(balances_at=now()))
    for account in accounts:
        try:
            await refresh_balances(database, exchanges[account.venue], account)
        except ExchangeAwayError as error:
            log.warning("balances_not_read", account=account.id, error=str(error))


async def refresh_all_filters(
    database: Database, exchanges: Exchanges, symbols: Sequence[str]
) -> None:
    """Read every venue's filters for our symbols, and keep the last answer where one is away."""
    for venue, exchange in exchanges.adapters.items():
        try:
            filters = await exchange.filters(symbols)
        except ExchangeAwayError as error:
            log.warning("filters_not_read", venue=venue, error=str(error))
            continue
        async with database.transaction() as tx:
            await store_filters(tx, venue, filters)
