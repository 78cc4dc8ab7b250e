"""Is a key's trouble noticed, does it stop what it must, and is its owner told exactly once?"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from nexus.accounts.models import AuditEntry
from nexus.core.clock import now, to_ms
from nexus.core.db import Database, Transaction
from nexus.exchanges import health
from nexus.exchanges.events import AccountNews
from nexus.exchanges.health import check_health
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Side, may_trade
from nexus.mail.models import OutgoingMail
from nexus.settings import Settings
from tests.exchanges.counter import Counter, open_counter

HERE = "127.0.0.1"


class Watch:
    """A connected account, its owner's news, and the exchange behind it."""

    def __init__(self, counter: Counter, key: str) -> None:
        self.counter = counter
        self.key = key
        self.news: list[AccountNews] = []
        counter.database._reactions = {AccountNews: [self._hear]}

    async def _hear(self, _tx: Transaction, facts: Any) -> None:
        self.news += facts

    async def change(self, **changes: Any) -> None:
        await self.counter.control("keys/change", key=self.key, **changes)

    async def look(self) -> ExchangeAccount:
        """Let a day go by for this key, and look at it."""
        async with self.counter.database.transaction() as tx:
            await tx.execute(update(ExchangeAccount).values(health_at=now() - timedelta(hours=25)))
        return await self.look_if_due()

    async def look_if_due(self) -> ExchangeAccount:
        await check_health(self.counter.desk)
        async with self.counter.database.transaction() as tx:
            return (await tx.scalars(select(ExchangeAccount))).one()

    async def mails(self) -> list[str]:
        async with self.counter.database.transaction() as tx:
            return [
                f"{mail.subject}\n{mail.body}"
                for mail in await tx.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
            ]


@pytest.fixture
async def watch(database: Database, settings: Settings, alice: int) -> AsyncIterator[Watch]:
    async with open_counter(database, settings, alice) as counter:
        key, secret, _ = counter.accounts[0]
        view = await counter.drop(await counter.begin(), key, secret)
        assert view.status == "connected"
        yield Watch(counter, key)


async def test_a_healthy_key_is_asked_about_once_a_day_and_says_nothing(watch: Watch) -> None:
    before = (await watch.look_if_due()).health_at
    account = await watch.look()
    assert (account.health, account.status) == ("ok", "active")
    assert account.health_at is not None
    assert before is not None
    assert (await watch.look_if_due()).health_at == account.health_at
    assert watch.news == []
    assert await watch.mails() == []


async def test_a_missing_address_stops_everything_and_is_told_once(watch: Watch) -> None:
    await watch.change(ipRestrict=True, ips=["198.51.100.1"])
    for _ in range(3):
        account = await watch.look()
        assert (account.health, account.status) == ("address_missing", "key_invalid")
    assert [news.good for news in watch.news] == [False]
    [mail] = await watch.mails()
    assert "203.0.113.7" in mail
    assert "neither buy nor sell" in mail
    await watch.change(ips=["198.51.100.1", HERE])
    account = await watch.look()
    assert (account.health, account.status, account.status_reason) == ("ok", "active", "")
    assert [news.good for news in watch.news] == [False, True]
    assert len(await watch.mails()) == 1
    async with watch.counter.database.transaction() as tx:
        acts = (await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id))).all()
    assert acts == ["key_connected", "key_health_changed", "key_health_changed"]


async def test_a_dangerous_right_stops_entries_and_lets_exits_pass(watch: Watch) -> None:
    await watch.change(rights={"enableWithdrawals": True})
    account = await watch.look()
    assert (account.health, account.status) == ("rights_changed", "exits_only")
    assert "withdraw" in account.status_reason
    assert not may_trade(account.status, Side.BUY)
    assert may_trade(account.status, Side.SELL)
    assert "What they hold they still sell" in (await watch.mails())[0]


async def test_a_right_that_ends_soon_is_told_and_stops_nothing(watch: Watch) -> None:
    ends = now() + timedelta(days=13)
    await watch.change(tradingAuthorityExpirationTime=to_ms(ends))
    account = await watch.look()
    assert (account.health, account.status) == ("expiring", "active")
    assert account.key_expires_at is not None
    assert f"{ends:%d %B %Y}" in (await watch.mails())[0]
    await watch.change(tradingAuthorityExpirationTime=to_ms(now() + timedelta(days=20)))
    assert (await watch.look()).health == "ok"


async def test_a_key_that_an_order_was_refused_with_is_asked_about_at_once(watch: Watch) -> None:
    async with watch.counter.database.transaction() as tx:
        await tx.execute(update(ExchangeAccount).values(status="key_invalid", health_at=None))
    # The exchange says that all is well: it was a blip, and nobody is told.
    account = await watch.look_if_due()
    assert (account.health, account.status) == ("ok", "active")
    assert watch.news == []


async def test_an_exchange_that_is_away_says_nothing_about_the_key(watch: Watch) -> None:
    where = "GET /sapi/v1/account/apiRestrictions"
    await watch.counter.control("faults", kind="refuse", where=where, status=503)
    account = await watch.look()
    assert (account.health, account.status) == ("ok", "active")
    await watch.counter.control("blocks", address="*", status=451)
    account = await watch.look()
    assert (account.health, account.status) == ("ok", "active")


async def test_a_paused_account_stays_paused_through_trouble(watch: Watch) -> None:
    async with watch.counter.database.transaction() as tx:
        await tx.execute(update(ExchangeAccount).values(status="paused", paused_at=now()))
    assert (await watch.look()).status == "paused"
    await watch.change(revoked=True)
    assert (await watch.look()).status == "key_invalid"
    await watch.change(revoked=False)
    assert (await watch.look()).status == "paused"


async def test_a_removed_account_is_asked_about_no_more(watch: Watch) -> None:
    async with watch.counter.database.transaction() as tx:
        await tx.execute(update(ExchangeAccount).values(status="removed"))
    await watch.change(revoked=True)
    account = await watch.look()
    assert (account.health, account.status) == ("ok", "removed")


@pytest.mark.parametrize(
    ("status", "buys", "sells"),
    [
        ("active", True, True),
        ("paused", False, True),
        ("exits_only", False, True),
        ("key_invalid", False, False),
        ("removed", False, False),
    ],
)
def test_what_an_account_may_do(status: str, buys: bool, sells: bool) -> None:  # noqa: FBT001
    assert may_trade(status, Side.BUY) is buys
    assert may_trade(status, Side.SELL) is sells


async def test_a_round_takes_a_few_at_a_time_and_has_an_end(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose turn was taken and is not asked any more, because the round was cut off, waits long."""
    waiting, asked = list(range(9)), []

    async def due(_database: Database) -> list[int]:
        return [waiting.pop(0) for _ in range(2)]

    async def check(_desk: object, _ring: object, account: int) -> None:
        asked.append(account)

    monkeypatch.setattr(health, "A_ROUND", 6)
    monkeypatch.setattr(health, "_due", due)
    monkeypatch.setattr(health, "_check", check)
    await check_health(watch.counter.desk)
    assert asked == [0, 1, 2, 3, 4, 5]
    assert waiting == [6, 7, 8]
