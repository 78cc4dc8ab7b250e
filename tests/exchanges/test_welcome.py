"""Does somebody new get a paper account in the currency that our symbols are paid in?"""

from sqlalchemy import select

from nexus.accounts.events import PersonVerified
from nexus.accounts.register import create_user
from nexus.core.db import Database
from nexus.exchanges.models import ExchangeAccount, PaperBalance
from nexus.exchanges.welcome import BALANCE, open_practice_accounts
from nexus.settings import Settings


async def test_everybody_new_gets_an_account_of_their_own(database: Database) -> None:
    async with database.transaction() as tx:
        people = [
            await create_user(tx, f"{name}@example.com", "correct horse battery", "")
            for name in ("ada", "bob")
        ]
        welcome = open_practice_accounts(Settings(symbols=("BTC/EUR",)))
        await welcome(tx, [PersonVerified(person) for person in people])
    async with database.transaction() as tx:
        owners = list(await tx.scalars(select(ExchangeAccount.user_id).order_by("user_id")))
        balances = list(await tx.scalars(select(PaperBalance)))
    assert owners == people
    assert [(balance.asset, balance.free) for balance in balances] == [("EUR", BALANCE)] * 2
