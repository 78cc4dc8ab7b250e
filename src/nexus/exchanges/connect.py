"""Connect an exchange account: seal its checked key, write both down; replace or destroy a key.

Asking the exchange has no place in a transaction, so it was done before (`check_key.py`).
"""

from dataclasses import asdict, dataclass
from decimal import Decimal

from sqlalchemy import insert, select, update

from nexus.accounts.factors import require_second_factor
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.check_key import Permissions
from nexus.exchanges.egress import DEFAULT
from nexus.exchanges.errors import KeyRefusedError
from nexus.exchanges.models import AccountBalance, ApiKey, ExchangeAccount, PaperBalance
from nexus.exchanges.vault import KeyPair, Owner, Vault
from nexus.exchanges.vault_secrets import read_fingerprints

ALREADY = "This key is connected already. Make a new key at the exchange for a second account."


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that is about to be connected: whose, where, and by which address it is asked."""

    user_id: int
    venue: str
    label: str
    egress: str = DEFAULT
    uid: str = ""
    """Its number at the venue; empty when the venue names none."""
    round_trip_bps: Decimal | None = None


async def connect_account(
    tx: Transaction, wanted: NewAccount, pair: KeyPair, permissions: Permissions, vault: Vault
) -> int:
    """Write an account and its sealed key; gives the account's id.

    Raises SecondFactorNeededError for a person whose password is all that protects them, and
    KeyRefusedError when the key is connected already, here or at somebody else's.
    """
    await require_second_factor(tx, wanted.user_id)
    return await write_connected_account(tx, wanted, pair, permissions, vault)


async def write_connected_account(
    tx: Transaction, wanted: NewAccount, pair: KeyPair, permissions: Permissions, vault: Vault
) -> int:
    """Do what `connect_account` does, without asking for a second factor.

    For the demo's made-up people at the simulated exchange only, who have no phone.
    """
    fingerprint = await _new_fingerprint(tx, pair, vault)
    await _refuse_known_holder(tx, wanted.venue, wanted.uid)
    account = ExchangeAccount(
        user_id=wanted.user_id,
        venue=wanted.venue,
        label=wanted.label,
        egress=wanted.egress,
        venue_uid=wanted.uid,
        round_trip_bps=wanted.round_trip_bps,
        key_version=1,
        created_at=now(),
        health_at=now(),
        key_expires_at=permissions.expires_at,
    )
    tx.add(account)
    await tx.flush()
    sealed = vault.seal(pair, Owner(wanted.user_id, wanted.venue, account.id, 1))
    key = {"account_id": account.id, "version": 1, "created_at": now()}
    told = {"permissions": permissions.told, "ip_restricted": permissions.ip_restricted}
    await tx.execute(
        insert(ApiKey).values(fingerprint=fingerprint, **key, **told, **asdict(sealed))
    )
    return account.id


async def replace_key(
    tx: Transaction, account: ExchangeAccount, pair: KeyPair, permissions: Permissions, vault: Vault
) -> None:
    """Put a new key of the same exchange account in the place of the old one, which is destroyed.

    From the commit on, no claim made with the old key's version can be signed. Raises
    SecondFactorNeededError, and KeyRefusedError when the key is known already.
    """
    await require_second_factor(tx, account.user_id)
    fingerprint = await _new_fingerprint(tx, pair, vault)
    version = account.key_version + 1
    sealed = vault.seal(pair, Owner(account.user_id, account.venue, account.id, version))
    told = {"permissions": permissions.told, "ip_restricted": permissions.ip_restricted}
    await tx.execute(
        update(ApiKey)
        .where(ApiKey.account_id == account.id)
        .values(
            version=version,
            created_at=now(),
            last_used_at=None,
            destroyed_at=None,
            fingerprint=fingerprint,
            **told,
            **asdict(sealed),
        )
    )
    account.key_version = version
    account.key_expires_at = permissions.expires_at
    account.health_at, account.health, account.health_told = now(), "ok", "ok"
    account.status = "active" if account.paused_at is None else "paused"
    account.status_reason = ""


async def ask_soon(tx: Transaction, account_id: int) -> None:
    """Have the exchange asked about an account's key in the next round."""
    await tx.execute(
        update(ExchangeAccount).where(ExchangeAccount.id == account_id).values(health_at=None)
    )


async def destroy_key(tx: Transaction, account_id: int) -> None:
    """Destroy what a key could be opened with; the row stays and says that there was one."""
    gone = {"wrap_nonce": b"", "wrapped_dek": b"", "nonce": b"", "ciphertext": b""}
    await tx.execute(
        update(ApiKey)
        .where(ApiKey.account_id == account_id, ApiKey.destroyed_at.is_(None))
        .values(destroyed_at=now(), **gone)
    )


async def open_paper_account(
    tx: Transaction, user_id: int, label: str, balance: Decimal, asset: str = "USDT"
) -> int:
    """Open a paper account with `balance` of `asset`; gives the account's id."""
    account = ExchangeAccount(
        user_id=user_id, venue="paper", label=label, key_version=0, created_at=now()
    )
    tx.add(account)
    await tx.flush()
    amount = {"account_id": account.id, "asset": asset, "free": balance}
    await tx.execute(insert(PaperBalance).values(amount))
    await tx.execute(insert(AccountBalance).values(amount | {"as_of": now()}))
    return account.id


async def _new_fingerprint(tx: Transaction, pair: KeyPair, vault: Vault) -> bytes:
    """Give the fingerprint of a key that nobody has connected; never says who has the others."""
    fingerprint = (await read_fingerprints(tx, vault)).of(pair)
    known = select(ApiKey.account_id).where(
        ApiKey.fingerprint == fingerprint, ApiKey.destroyed_at.is_(None)
    )
    if await tx.scalar(known) is not None:
        raise KeyRefusedError(ALREADY, "known_key")
    return fingerprint


async def _refuse_known_holder(tx: Transaction, venue: str, uid: str) -> None:
    """Refuse a second connection to one exchange account: both would spend the same money."""
    known = select(ExchangeAccount.id).where(
        ExchangeAccount.venue == venue,
        ExchangeAccount.venue_uid == uid,
        ExchangeAccount.status != "removed",
    )
    if uid and await tx.scalar(known) is not None:
        raise KeyRefusedError(
            "This exchange account is connected already. To change its key, open the account here"
            " and replace the key; for a second one, make a sub-account at the exchange.",
            "known_account",
        )
