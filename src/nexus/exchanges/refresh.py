"""Keep our record true: balances by a slow round over all accounts, filters every minute."""

from collections.abc import Collection, Sequence

import structlog
from sqlalchemy import Select, select, update

from nexus.core.clock import now
from nexus.core.db import Database, among
from nexus.exchanges.balances import refresh_balances
from nexus.exchanges.distrust import distrust_asked_key
from nexus.exchanges.filters import store_filters
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Account, ExchangeAwayError, KeyInvalidError
from nexus.exchanges.registry import Exchanges
from nexus.exchanges.slow_share import Share

log = structlog.get_logger()

ACCOUNTS_A_MINUTE = 60
"""What one round reads at most, where no share of a budget ends it earlier."""
WEIGHT = 20
"""What reading an account costs of its address's budget, where there is one."""


async def refresh_oldest_accounts(
    database: Database, exchanges: Exchanges, *, busy: Select[int], share: Share | None = None
) -> None:
    """Read the balances of the accounts whose record is oldest; one that fails waits its turn.

    `busy` selects the accounts with an open order: a fill that the venue counts already and we
    have not booked yet would be counted twice. `share` says how much may be asked.
    """
    oldest = (
        _idle(busy)
        .order_by(ExchangeAccount.balances_at.asc().nulls_first())
        .limit(ACCOUNTS_A_MINUTE)
    )
    await _refresh(database, exchanges, oldest, share)


async def refresh_these_accounts(
    database: Database,
    exchanges: Exchanges,
    account_ids: Collection[int],
    *,
    busy: Select[int],
    share: Share | None = None,
) -> set[int]:
    """Read the balances of these accounts; give those that still wait for their turn.

    One that is busy is left to its own fills, and to the slow round.
    """
    wanted = _idle(busy).where(among(ExchangeAccount.id, account_ids))
    return await _refresh(database, exchanges, wanted.order_by(ExchangeAccount.id), share)


def _idle(busy: Select[int]) -> Select[ExchangeAccount]:
    return select(ExchangeAccount).where(
        ExchangeAccount.status.in_(("active", "paused", "exits_only")),
        ExchangeAccount.id.not_in(busy),
    )


async def _refresh(
    database: Database,
    exchanges: Exchanges,
    wanted: Select[ExchangeAccount],
    share: Share | None,
) -> set[int]:
    """Read some accounts one after the other; give those for which there was no share left."""
    async with database.transaction() as tx:
        rows = await tx.scalars(wanted)
        accounts = [Account(row.id, row.venue, row.egress, row.key_version) for row in rows]
    waiting = set()
    for account in accounts:
        if share is not None and not await share.admits(account, WEIGHT):
            waiting.add(account.id)
            continue
        # Its turn is over now, however it goes: accounts that fail must not keep others waiting.
        async with database.transaction() as tx:
            mine = update(ExchangeAccount).where(ExchangeAccount.id == account.id)
            await tx.execute(mine.values(balances_at=now()))
        try:
            await refresh_balances(database, exchanges[account.venue], account)
        except KeyInvalidError:
            await distrust_asked_key(database, account)
        except ExchangeAwayError as error:
            log.warning("balances_not_read", account=account.id, error=str(error))
    return waiting


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
