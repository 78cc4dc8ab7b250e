"""What does somebody see of their exchange accounts? Nothing of this reads a sealed column."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select

from nexus.core.db import Transaction, among
from nexus.exchanges.models import AccountBalance, ApiKey, ExchangeAccount

HEALTH_WORDS = {
    "ok": "Works",
    "expiring": "Ends soon",
    "unlocked": "Open to any address",
    "address_missing": "Refused from our address",
    "revoked": "Deleted at the exchange",
    "rights_changed": "Rights changed",
}


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account, with what may be shown of its key."""

    id: int
    venue: str
    label: str
    status: str
    reason: str
    health: str
    health_at: datetime | None
    paused_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    balances_at: datetime | None
    egress: str
    last4: str | None
    ip_restricted: bool | None
    key_since: datetime | None
    last_used_at: datetime | None
    round_trip_bps: Decimal | None = None

    @property
    def fee_percent(self) -> Decimal | None:
        """What buying and selling once costs, in percent; None where the exchange did not tell."""
        return None if self.round_trip_bps is None else self.round_trip_bps / 100

    @property
    def on_paper(self) -> bool:
        """Whether it trades with pretend money and needs no key."""
        return self.venue == "paper"

    @property
    def words(self) -> str:
        """Its state in two or three words."""
        if self.health in ("ok", "expiring") and self.status == "key_invalid":
            return "Being checked"
        if self.health == "ok":
            return "Paused" if self.paused_at else "Works"
        return HEALTH_WORDS[self.health]

    @property
    def tone(self) -> str:
        """How it is coloured, beside its words."""
        if self.status in ("key_invalid", "exits_only"):
            return "bad"
        return "notice" if self.paused_at or self.health != "ok" else "good"


async def accounts_of(tx: Transaction, user_id: int) -> list[AccountView]:
    """Read a person's accounts, the connected ones first."""
    rows = await tx.execute(
        _query()
        .where(ExchangeAccount.user_id == user_id)
        .order_by(ExchangeAccount.venue == "paper", ExchangeAccount.id)
    )
    return [AccountView(*row) for row in rows]


async def account_of(tx: Transaction, user_id: int, account_id: int) -> AccountView | None:
    """Read one account of one person; None when it is somebody else's, or removed."""
    rows = await tx.execute(
        _query().where(ExchangeAccount.user_id == user_id, ExchangeAccount.id == account_id)
    )
    row = rows.one_or_none()
    return None if row is None else AccountView(*row)


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What is free of one asset, and since when we have known it."""

    asset: str
    free: Decimal
    as_of: datetime


async def balances_of(
    tx: Transaction, account_id: int, symbols: Collection[str]
) -> list[BalanceView]:
    """Read what an account has free of the assets that we trade; nothing where it has none."""
    traded = {asset for symbol in symbols for asset in symbol.split("/")}
    table = AccountBalance
    rows = await tx.execute(
        select(table.asset, table.free, table.as_of)
        .where(table.account_id == account_id, table.free > 0, among(table.asset, sorted(traded)))
        .order_by(table.asset)
    )
    return [BalanceView(*row) for row in rows]


def _query() -> Select[*tuple[Any, ...]]:
    table = ExchangeAccount
    return (
        select(
            table.id, table.venue, table.label, table.status, table.status_reason, table.health,
            table.health_at, table.paused_at, table.key_expires_at, table.created_at,
            table.balances_at, table.egress, ApiKey.last4, ApiKey.ip_restricted,
            ApiKey.created_at, ApiKey.last_used_at, table.round_trip_bps,
        )
        .outerjoin(ApiKey, ApiKey.account_id == table.id)
        .where(table.status != "removed")
    )  # fmt: skip
