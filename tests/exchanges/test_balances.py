"""Do we know what an account holds, without undoing what a fill has just told us?"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.exchanges.balances import refresh_balances
from nexus.exchanges.connect import open_paper_account
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.paper import Paper
from nexus.exchanges.protocol import Account, ExchangeAwayError
from nexus.settings import Settings
from tests.exchanges.test_paper import fixed_prices

AT = datetime(2026, 1, 2, tzinfo=UTC)


class Told(Paper):
    """A venue that says what the test wants."""

    says: dict[str, Decimal]

    async def balances(self, account: Account) -> dict[str, Decimal]:
        _ = account
        return self.says


@pytest.fixture
def venue(database: Database, settings: Settings) -> Told:
    return Told(database, settings, fixed_prices)


@pytest.fixture
async def account(database: Database, alice: int) -> Account:
    with use(SetClock(AT)):
        async with database.transaction() as tx:
            number = await open_paper_account(tx, alice, "Paper", Decimal(10_000))
    return Account(number, "paper", "default", 0)


async def known(database: Database) -> dict[str, Decimal]:
    async with database.transaction() as tx:
        return {row.asset: row.free for row in await tx.scalars(select(AccountBalance))}


async def test_what_the_venue_says_is_what_we_know(
    database: Database, venue: Told, account: Account
) -> None:
    venue.says = {"BTC": Decimal("0.5"), "BNB": Decimal(1)}
    later = AT + timedelta(minutes=1)
    with use(SetClock(later)):
        await refresh_balances(database, venue, account)
    assert await known(database) == venue.says
    async with database.transaction() as tx:
        assert (await tx.get_one(ExchangeAccount, account.id)).balances_at == later


async def test_an_empty_account_is_empty(database: Database, venue: Told, account: Account) -> None:
    venue.says = {}
    await refresh_balances(database, venue, account)
    assert await known(database) == {}


async def test_a_fill_that_came_since_we_asked_stays(
    database: Database, venue: Told, account: Account
) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            update(AccountBalance).values(free=Decimal(9_500), as_of=AT + timedelta(seconds=2))
        )
    for venue.says in ({"USDT": Decimal(10_000)}, {}):
        with use(SetClock(AT + timedelta(seconds=1))):
            await refresh_balances(database, venue, account)
        assert await known(database) == {"USDT": 9_500}


async def test_a_venue_that_is_away_changes_nothing(
    database: Database, account: Account, settings: Settings
) -> None:
    nowhere = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(ExchangeAwayError):
        await refresh_balances(database, Paper(nowhere, settings, fixed_prices), account)
    assert await known(database) == {"USDT": 10_000}
    await nowhere.close()
