"""Is our record kept true, slowly, in turn, and without counting a fill twice?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import literal, select

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.exchanges import refresh
from nexus.exchanges.connect import open_paper_account
from nexus.exchanges.filters import read_filters
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.paper import Paper
from nexus.exchanges.protocol import Account, ExchangeAwayError, Filters
from nexus.exchanges.refresh import refresh_all_filters, refresh_oldest_accounts
from nexus.exchanges.registry import Exchanges
from nexus.settings import Settings
from tests.exchanges.test_paper import fixed_prices

AT = datetime(2026, 1, 2, tzinfo=UTC)
NOBODY = select(literal(0))
RICHER = Decimal(12_345)


class Venue(Paper):
    """A paper venue that can be away, for one account or altogether."""

    away_for: int | None = None
    away = False

    async def balances(self, account: Account) -> dict[str, Decimal]:
        if account.id == self.away_for:
            raise ExchangeAwayError("away")
        return {"USDT": RICHER}

    async def filters(self, symbols: Sequence[str]) -> dict[str, Filters]:
        if self.away:
            raise ExchangeAwayError("away")
        return await super().filters(symbols)


@pytest.fixture
def venue(database: Database, settings: Settings) -> Venue:
    return Venue(database, settings, fixed_prices)


@pytest.fixture
def exchanges(venue: Venue, settings: Settings) -> Exchanges:
    return Exchanges({"paper": venue}, settings)


@pytest.fixture
async def accounts(database: Database, alice: int) -> list[int]:
    with use(SetClock(AT)):
        async with database.transaction() as tx:
            return [
                await open_paper_account(tx, alice, f"Paper {n}", Decimal(10_000)) for n in range(3)
            ]


async def free(database: Database) -> list[Decimal]:
    async with database.transaction() as tx:
        rows = await tx.execute(select(AccountBalance.free).order_by(AccountBalance.account_id))
        return [row.free for row in rows]


async def test_an_account_that_cannot_be_read_waits_its_turn(
    database: Database, exchanges: Exchanges, venue: Venue, accounts: list[int]
) -> None:
    venue.away_for = accounts[1]
    with use(SetClock(AT + timedelta(minutes=1))):
        await refresh_oldest_accounts(database, exchanges, busy=NOBODY)
    assert await free(database) == [RICHER, Decimal(10_000), RICHER]


async def test_an_account_with_an_open_order_is_left_alone(
    database: Database, exchanges: Exchanges, accounts: list[int]
) -> None:
    with use(SetClock(AT + timedelta(minutes=1))):
        await refresh_oldest_accounts(database, exchanges, busy=select(literal(accounts[0])))
    assert await free(database) == [Decimal(10_000), RICHER, RICHER]


async def test_those_asked_longest_ago_come_first(
    database: Database,
    exchanges: Exchanges,
    accounts: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "ACCOUNTS_A_MINUTE", 2)
    for minute in (1, 2):
        with use(SetClock(AT + timedelta(minutes=minute))):
            await refresh_oldest_accounts(database, exchanges, busy=NOBODY)
    async with database.transaction() as tx:
        asked = dict(
            (await tx.execute(select(ExchangeAccount.id, ExchangeAccount.balances_at))).all()
        )
    assert None not in asked.values(), "the third was asked before the others a second time"
    assert set(asked) == set(accounts)


async def test_filters_survive_a_venue_that_is_away(
    database: Database, exchanges: Exchanges, venue: Venue
) -> None:
    await refresh_all_filters(database, exchanges, ["BTC/USDT"])
    venue.away = True
    await refresh_all_filters(database, exchanges, ["BTC/USDT"])
    async with database.transaction() as tx:
        kept = await read_filters(tx, "paper", ["BTC/USDT"])
    assert kept["BTC/USDT"].trading
