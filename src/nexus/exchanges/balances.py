"""What does an account hold? Reads it from the venue, off the path of any decision."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.protocol import Account, Exchange


async def refresh_balances(database: Database, exchange: Exchange, account: Account) -> None:
    """Ask the venue and write down what is free. Raises ExchangeAwayError.

    A balance that a fill has moved since we asked is newer than the answer and stays.
    """
    asked_at = now()
    free = await exchange.balances(account)
    async with database.transaction() as tx:
        await write_balances(tx, account.id, free, asked_at)


async def write_balances(
    tx: Transaction, account_id: int, free: Mapping[str, Decimal], asked_at: datetime
) -> None:
    """Write down what the venue said was free when it was asked at `asked_at`."""
    rows = [
        {"account_id": account_id, "asset": asset, "free": amount, "as_of": asked_at}
        for asset, amount in free.items()
    ]
    gone = delete(AccountBalance).where(
        AccountBalance.account_id == account_id,
        AccountBalance.asset.not_in(list(free)),
        AccountBalance.as_of <= asked_at,
    )
    statement = insert(AccountBalance)
    newer = statement.on_conflict_do_update(
        index_elements=["account_id", "asset"],
        set_={"free": statement.excluded.free, "as_of": statement.excluded.as_of},
        where=AccountBalance.as_of <= statement.excluded.as_of,
    )
    await tx.execute(gone)
    if rows:
        await tx.execute(newer, rows)
    await tx.execute(
        update(ExchangeAccount).where(ExchangeAccount.id == account_id).values(balances_at=asked_at)
    )
