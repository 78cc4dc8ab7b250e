"""Take a dropped key out of the box, check it at the exchange, and connect it if it is good.

Only workers do this. The key is in the clear inside `_check` and nowhere else.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import SecondFactorNeededError
from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.exchanges.balances import write_balances
from nexus.exchanges.check_key import Examined, examine_key
from nexus.exchanges.connect import ALREADY, NewAccount, connect_account, replace_key
from nexus.exchanges.drop_key import bound_to
from nexus.exchanges.egress import read_egresses
from nexus.exchanges.errors import KeyLockedError, KeyRefusedError, VenueRefusedError
from nexus.exchanges.key_shape import KEY, SECRET
from nexus.exchanges.models import ExchangeAccount, KeyDrop
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.exchanges.registry import Exchanges
from nexus.exchanges.vault import KeyPair, Vault, open_vault
from nexus.exchanges.vault_secrets import DropBox, make_secrets, read_drop_box
from nexus.settings import Settings

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
FINAL = frozenset({"known_key", "known_account", "other_account", "gone"})
"""Refusals that nothing at the exchange can mend: what was dropped is destroyed at once."""
AWAY = "Binance cannot be asked just now. It is tried again by itself, in about ten seconds."


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """What a worker needs to look after keys."""

    database: Database
    exchanges: Exchanges
    settings: Settings


async def check_drops(desk: KeyDesk, drop_id: str | None = None) -> None:
    """Check one dropped key, or all that wait and that nobody is at; forget the old ones."""
    async with desk.database.transaction() as tx:
        await make_secrets(tx, open_vault(desk.settings))
        await tx.execute(delete(KeyDrop).where(KeyDrop.expires_at < now()))
        drops = await _claim(tx, drop_id)
    for drop in drops:
        await _check(desk, drop)


async def _claim(tx: Transaction, drop_id: str | None) -> list[KeyDrop]:
    """Lease what waits: no other worker asks the exchange about it meanwhile."""
    waiting = select(KeyDrop.id).where(
        KeyDrop.status == "checking",
        or_(KeyDrop.lease_until.is_(None), KeyDrop.lease_until < now()),
    )
    if drop_id is not None:
        waiting = waiting.where(KeyDrop.id == drop_id)
    drops = await tx.scalars(
        update(KeyDrop)
        .where(KeyDrop.id.in_(waiting.with_for_update(skip_locked=True)))
        .values(lease_until=now() + LEASE)
        .returning(KeyDrop)
    )
    return list(drops)


async def _check(desk: KeyDesk, drop: KeyDrop) -> None:
    """Open, examine, connect; every way it can end is written down in words."""
    try:
        vault = open_vault(desk.settings)
        async with desk.database.transaction() as tx:
            pair = _take(await read_drop_box(tx, vault), drop)
        checker = desk.exchanges.key_checker(drop.venue)
        egress = read_egresses(desk.settings)[drop.egress]
        examined = await examine_key(checker, pair, egress, desk.settings)
        async with desk.database.transaction() as tx:
            await _connect(tx, drop, pair, examined, vault)
    except KeyRefusedError as refused:
        await _refuse(desk.database, drop, str(refused), refused.code)
    except VenueRefusedError as refused:
        await _refuse(desk.database, drop, str(refused), "venue")
    except (KeyLockedError, KeyError) as error:
        log.warning("dropped_key_not_opened", drop=drop.id, error=type(error).__name__)
        sentence = "What you pasted could not be read on our side. Paste it once more."
        await _refuse(desk.database, drop, sentence, "unreadable")
    except SecondFactorNeededError:
        sentence = "Add a second factor to your account first, then check again."
        await _refuse(desk.database, drop, sentence, "second_factor")
    except IntegrityError:
        # Somebody connected the same key in the moment between our look and our writing.
        await _refuse(desk.database, drop, ALREADY, "known_key")
    except ExchangeAwayError as error:
        log.warning("key_not_checked", drop=drop.id, error=str(error))
        await _postpone(desk.database, drop)


def _take(box: DropBox, drop: KeyDrop) -> KeyPair:
    """Open both halves."""
    key, secret = (
        box.take(sealed or b"", bound_to(drop.id, drop.user_id, part))
        for sealed, part in ((drop.key_box, KEY), (drop.secret_box, SECRET))
    )
    return KeyPair(key, secret)


async def _connect(
    tx: Transaction, drop: KeyDrop, pair: KeyPair, examined: Examined, vault: Vault
) -> None:
    """Write the account, or its new key, and destroy what was dropped."""
    still = await tx.scalar(select(KeyDrop.status).where(KeyDrop.id == drop.id).with_for_update())
    if still != "checking":
        return  # Its owner took it back, or another worker was quicker.
    if drop.replaces:
        account = await _replace(tx, drop, pair, examined, vault)
        act = "key_replaced"
    else:
        wanted = NewAccount(
            drop.user_id, drop.venue, drop.label, drop.egress, examined.uid, examined.round_trip_bps
        )
        account = await connect_account(tx, wanted, pair, examined.permissions, vault)
        act = "key_connected"
        if examined.holder:
            await write_balances(tx, account, examined.holder.free, now())
    await tx.execute(
        update(KeyDrop)
        .where(KeyDrop.id == drop.id)
        .values(status="connected", account_id=account, key_box=None, secret_box=None, code="")
    )
    await write_audit(
        tx, act, user_id=drop.user_id, actor_id=drop.user_id, network=drop.network,
        account=account, venue=drop.venue, key_ends_in=pair.last4, kind=drop.kind,
    )  # fmt: skip


async def _replace(
    tx: Transaction, drop: KeyDrop, pair: KeyPair, examined: Examined, vault: Vault
) -> int:
    """Replace an account's key by one of the very same account at the exchange."""
    account = await tx.scalar(
        select(ExchangeAccount)
        .where(
            ExchangeAccount.id == drop.account_id,
            ExchangeAccount.user_id == drop.user_id,
            ExchangeAccount.status != "removed",
        )
        .with_for_update()
    )
    if account is None:
        raise KeyRefusedError("This account was removed meanwhile. Connect it anew.", "gone")
    if account.venue_uid and examined.uid != account.venue_uid:
        raise KeyRefusedError(
            "This key belongs to another account at the exchange. What the bots hold lies in the"
            " one that is connected: make the new key there, or connect this one as an account"
            " of its own.",
            "other_account",
        )
    account.venue_uid = examined.uid
    account.egress = drop.egress
    account.round_trip_bps = examined.round_trip_bps
    await replace_key(tx, account, pair, examined.permissions, vault)
    return account.id


async def _refuse(database: Database, drop: KeyDrop, sentence: str, code: str) -> None:
    """Say why, and keep what was dropped for another try only where one can succeed."""
    gone = {"key_box": None, "secret_box": None} if code in FINAL else {}
    async with database.transaction() as tx:
        await tx.execute(
            update(KeyDrop)
            .where(KeyDrop.id == drop.id, KeyDrop.status == "checking")
            .values(status="refused", sentence=sentence, code=code, lease_until=None, **gone)
        )
        await write_audit(
            tx, "key_refused", user_id=drop.user_id, actor_id=drop.user_id, network=drop.network,
            venue=drop.venue, why=code,
        )  # fmt: skip
    if code == "region":
        log.error("egress_in_restricted_region", egress=drop.egress, venue=drop.venue)


async def _postpone(database: Database, drop: KeyDrop) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            update(KeyDrop)
            .where(KeyDrop.id == drop.id, KeyDrop.status == "checking")
            .values(sentence=AWAY, lease_until=now() + timedelta(seconds=10))
        )
