"""Is every connected key still what it was? Asked daily, and at once when an exchange refused it.

What is wrong stops entries; what still can be sold is sold. The owner is told once, and told when
it is well again.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import and_, func, or_, select, update

from nexus.accounts.audit import write_audit
from nexus.accounts.models import User
from nexus.core.clock import now
from nexus.core.db import Database, Transaction, among
from nexus.exchanges.check_key import (
    BAD_FORMAT,
    NO_SUCH_KEY,
    NOT_ACCEPTED,
    WRONG_SIGNATURE,
    Permissions,
    check_permissions,
)
from nexus.exchanges.egress import Egress, read_egresses
from nexus.exchanges.errors import KeyLockedError, KeyRefusedError, VenueRefusedError
from nexus.exchanges.events import AccountNews
from nexus.exchanges.models import ApiKey, ExchangeAccount
from nexus.exchanges.protocol import Account, ExchangeAwayError, VenueRefusalError
from nexus.exchanges.take_drop import KeyDesk
from nexus.exchanges.unlock import KeyRing
from nexus.mail.outbox import post

log = structlog.get_logger()

EVERY: Final = timedelta(days=1)
REFUSED_EVERY: Final = timedelta(hours=1)
"""A key that was refused may be put right any moment, and its owner waits for it."""
SOON: Final = timedelta(days=14)
A_ROUND = 60
"""Accounts asked about in one round: each weighs 1 of the 12,000 a minute."""
AT_ONCE = 5
REVOKED_CODES = {NO_SUCH_KEY, BAD_FORMAT, WRONG_SIGNATURE}


@dataclass(frozen=True, slots=True)
class Health:
    """What the exchange says of a key now."""

    state: str
    """A value of `ExchangeAccount.health`."""
    reason: str = ""
    """A sentence for the owner; empty while it is well."""
    permissions: Permissions | None = None

    @property
    def status(self) -> str:
        """What the account may do: everything, only sell, or nothing at all."""
        if self.state in ("ok", "expiring"):
            return "active"
        return "key_invalid" if self.state in ("address_missing", "revoked") else "exits_only"


TITLES = {
    "expiring": "Your exchange key ends soon",
    "unlocked": "Your exchange key is open to any address",
    "address_missing": "Your exchange no longer accepts your key from our address",
    "revoked": "Your exchange key was deleted",
    "rights_changed": "The rights of your exchange key have changed",
}


async def check_health(desk: KeyDesk) -> None:
    """Ask about the keys whose turn it is."""
    ring = KeyRing(desk.database, desk.settings, desk.exchanges.meter)
    asked = 0
    # In parts: an account whose turn was taken and that is not asked any more waits for a day.
    while asked < A_ROUND and (accounts := await _due(desk.database)):
        await asyncio.gather(*(_check(desk, ring, account) for account in accounts))
        asked += len(accounts)


async def _check(desk: KeyDesk, ring: KeyRing, account: Account) -> None:
    try:
        health = await _ask(desk, ring, account)
    except (ExchangeAwayError, KeyLockedError, VenueRefusedError) as error:
        log.warning("key_health_unknown", account=account.id, error=str(error))
        return
    async with desk.database.transaction() as tx:
        await record_health(tx, account.id, health)


async def _due(database: Database) -> list[Account]:
    """Take some accounts whose turn it is; their turn is over, however it goes."""
    moment = now()
    table = ExchangeAccount
    waited = or_(
        table.health_at.is_(None),
        table.health_at < moment - EVERY,
        and_(table.status == "key_invalid", table.health_at < moment - REFUSED_EVERY),
    )
    due = (
        select(table)
        .join(ApiKey, ApiKey.account_id == table.id)
        .where(waited, table.status != "removed", ApiKey.destroyed_at.is_(None))
        .order_by(table.health_at.asc().nulls_first())
        .limit(AT_ONCE)
        .with_for_update(of=table, skip_locked=True)
    )
    async with database.transaction() as tx:
        rows = (await tx.scalars(due)).all()
        accounts = [Account(row.id, row.venue, row.egress, row.key_version) for row in rows]
        asked = update(table).where(among(table.id, [account.id for account in accounts]))
        await tx.execute(asked.values(health_at=moment))
    return accounts


async def _ask(desk: KeyDesk, ring: KeyRing, account: Account) -> Health:
    """Ask what the key may do. Raises ExchangeAwayError, KeyLockedError, VenueRefusedError."""
    checker = desk.exchanges.existing_checker(account.venue)
    egress = read_egresses(desk.settings).get(account.egress, Egress(account.egress))
    locked = (await ring.read([account])).get(account.id)
    if locked is None:
        raise KeyLockedError("it was removed meanwhile")
    try:
        told = await checker.restrictions(locked.open(), account.egress)
    except VenueRefusalError as refusal:
        return read_refusal(refusal, egress)
    return read_health(told, now(), must_be_ip_locked=desk.settings.environment == "production")


def read_health(told: object, at: datetime, *, must_be_ip_locked: bool) -> Health:
    """Read an answer about a key's rights."""
    rights = told if isinstance(told, dict) else {}
    try:
        permissions = check_permissions(rights, must_be_ip_locked=must_be_ip_locked)
    except KeyRefusedError as refused:
        state = "unlocked" if refused.code == "no_ip_lock" else "rights_changed"
        return Health(state, str(refused))
    if permissions.expires_at is not None and permissions.expires_at - at < SOON:
        ends = f"{permissions.expires_at:%d %B %Y}"
        reason = (
            f"The exchange takes its right to trade away on {ends}. Restrict it to our addresses"
            " there, or replace it here before that day."
        )
        return Health("expiring", reason, permissions)
    return Health("ok", "", permissions)


def read_refusal(refusal: VenueRefusalError, egress: Egress) -> Health:
    """Read why the exchange did not answer for a key; raises it again when it is not the key."""
    if refusal.code in REVOKED_CODES:
        return Health("revoked", "The exchange does not know it any more. Replace it here.")
    if refusal.code == NOT_ACCEPTED:
        addresses = " and ".join(egress.addresses) or "our address"
        reason = (
            f"Either its list of trusted IPs no longer has {addresses}, or it was deleted."
            " Add the address there; if the key is gone, replace it here."
        )
        return Health("address_missing", reason)
    raise refusal


async def record_health(tx: Transaction, account_id: int, health: Health) -> None:
    """Write down what was found, stop or free the account, and tell its owner what is new."""
    account = await tx.scalar(
        select(ExchangeAccount).where(ExchangeAccount.id == account_id).with_for_update()
    )
    if account is None or account.status == "removed":
        return
    account.health = health.state
    account.status, account.status_reason = status_of(health, account), health.reason
    if health.permissions is not None:
        account.key_expires_at = health.permissions.expires_at
        key = update(ApiKey).where(ApiKey.account_id == account_id)
        told = health.permissions
        await tx.execute(key.values(permissions=dict(told.told), ip_restricted=told.ip_restricted))
    if account.health_told != health.state:
        account.health_told = health.state
        await _tell(tx, account, health)


def status_of(health: Health, account: ExchangeAccount) -> str:
    """Say what the account may do, by its key's health and its owner's wish."""
    if account.paused_at is not None and health.status == "active":
        return "paused"
    return health.status


async def _tell(tx: Transaction, account: ExchangeAccount, health: Health) -> None:
    """Tell the owner: in the feed, and of bad news by mail too."""
    good = health.state == "ok"
    title = f"{account.label}: the key works again" if good else TITLES[health.state]
    detail = "Your bots follow again." if good else health.reason
    tx.announce(AccountNews(account.id, account.user_id, account.label, good, title, detail, now()))
    owner = await tx.scalar(select(func.coalesce(User.email, "")).where(User.id == account.user_id))
    if owner and not good:
        effect = EFFECTS[health.status]
        await post(
            tx, "key_trouble", owner,
            title=title, label=account.label, reason=health.reason, effect=effect,
        )  # fmt: skip
    await write_audit(
        tx, "key_health_changed", user_id=account.user_id, account=account.id, health=health.state
    )


EFFECTS = {
    "active": "Your bots go on trading until then.",
    "exits_only": "Until then your bots buy nothing. What they hold they still sell.",
    "key_invalid": (
        "Until then your bots neither buy nor sell: what they hold stays in your account at the"
        " exchange, and you can sell it there yourself."
    ),
}
