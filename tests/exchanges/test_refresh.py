"""Do balances and filters stay true in a slow round, whatever one account or venue does?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Select, select, update

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.exchanges import refresh
from nexus.exchanges.connect import open_paper_account
from nexus.exchanges.filters import read_filters, store_filters
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.paper import Paper, plain_filters
from nexus.exchanges.protocol import Account, ExchangeAwayError, Filters, KeyInvalidError
from nexus.exchanges.refresh import refresh_all_filters, refresh_oldest_accounts
from nexus.exchanges.registry import Exchanges
from nexus.settings import Settings
from tests.exchanges.test_paper import fixed_prices

AT = datetime(2026, 1, 2, tzinfo=UTC)
BTC = "BTC/USDT"
NOBODY: Select[int] = select(ExchangeAccount.id).where(ExchangeAccount.id < 0)


class Asked(Paper):
    """A venue that notes who was asked about, and fails for some."""

    def __init__(self, database: Database, settings: Settings) -> None:
        super().__init__(database, settings, fixed_prices)
        self.asked: list[int] = []
        self.failing: set[int] = set()
        self.locked_out: set[int] = set()
        self.away = False

    async def balances(self, account: Account) -> dict[str, Decimal]:
        self.asked.append(account.id)
        if account.id in self.locked_out:
            raise KeyInvalidError("no such key", 401, -2015)
        if account.id in self.failing:
            raise ExchangeAwayError("its key is locked")
        return {"USDT": Decimal(777)}

    async def filters(self, symbols: Sequence[str]) -> dict[str, Filters]:
        if self.away:
            raise ExchangeAwayError("nobody answers")
        return await super().filters(symbols)


@pytest.fixture
def venue(database: Database, settings: Settings) -> Asked:
    return Asked(database, settings)


@pytest.fixture
def exchanges(venue: Asked, settings: Settings) -> Exchanges:
    return Exchanges({"paper": venue}, settings)


@pytest.fixture
async def accounts(database: Database, alice: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Open five accounts; a round reads three."""
    monkeypatch.setattr(refresh, "ACCOUNTS_A_MINUTE", 3)
    with use(SetClock(AT)):
        async with database.transaction() as tx:
            return [
                await open_paper_account(tx, alice, f"Paper {number}", Decimal(10))
                for number in range(5)
            ]


async def test_every_account_gets_its_turn(
    database: Database, exchanges: Exchanges, venue: Asked, accounts: list[int]
) -> None:
    for minute in range(5):
        with use(SetClock(AT + timedelta(minutes=1 + minute))):
            await refresh_oldest_accounts(database, exchanges, busy=NOBODY)
    assert len(venue.asked) == 15
    assert all(venue.asked.count(account) == 3 for account in accounts)
    async with database.transaction() as tx:
        free = set(await tx.scalars(select(AccountBalance.free)))
    assert free == {Decimal(777)}


async def test_accounts_that_fail_keep_nobody_waiting(
    database: Database, exchanges: Exchanges, venue: Asked, accounts: list[int]
) -> None:
    venue.failing = set(accounts[:3])
    for minute in range(2):
        with use(SetClock(AT + timedelta(minutes=1 + minute))):
            await refresh_oldest_accounts(database, exchanges, busy=NOBODY)
    assert set(venue.asked) == set(accounts)


async def test_a_key_that_is_not_accepted_stops_its_account_and_is_checked_next(
    database: Database, exchanges: Exchanges, venue: Asked, accounts: list[int]
) -> None:
    gone, other, *_ = accounts
    venue.locked_out = {gone}
    await refresh_oldest_accounts(database, exchanges, busy=NOBODY)
    async with database.transaction() as tx:
        found = {row.id: row for row in await tx.scalars(select(ExchangeAccount))}
    assert found[gone].status == "key_invalid"
    assert found[gone].health_at is None
    assert found[other].status == "active"


async def test_removed_and_busy_accounts_are_left_alone(
    database: Database, exchanges: Exchanges, venue: Asked, accounts: list[int]
) -> None:
    removed, busy, *others = accounts
    async with database.transaction() as tx:
        account = update(ExchangeAccount).where(ExchangeAccount.id == removed)
        await tx.execute(account.values(status="removed"))
    await refresh_oldest_accounts(
        database, exchanges, busy=select(ExchangeAccount.id).where(ExchangeAccount.id == busy)
    )
    assert sorted(venue.asked) == others


async def test_a_venue_that_is_away_keeps_its_last_filters(
    database: Database, settings: Settings, venue: Asked
) -> None:
    away = Asked(database, settings)
    away.away = True
    known = {BTC: plain_filters(BTC)}
    async with database.transaction() as tx:
        await store_filters(tx, "away", known)
    exchanges = Exchanges({"away": away, "paper": venue}, settings)
    await refresh_all_filters(database, exchanges, [BTC, "ETH/USDT"])
    async with database.transaction() as tx:
        assert await read_filters(tx, "away", [BTC]) == known
        assert set(await read_filters(tx, "paper", [BTC, "ETH/USDT"])) == {BTC, "ETH/USDT"}
