"""Connect an exchange account: check what its key may do, seal the key, write both down.

Two steps, because asking the exchange has no place in a transaction: `check_key` asks,
`connect_account` writes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import insert, select

from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.errors import KeyRefusedError
from nexus.exchanges.models import AccountBalance, ApiKey, ExchangeAccount, PaperBalance
from nexus.exchanges.vault import KeyPair, Owner, Vault
from nexus.settings import ProcessSettings

FORBIDDEN = {
    "enableWithdrawals": "withdraw",
    "enableInternalTransfer": "transfer to other accounts",
    "permitsUniversalTransfer": "transfer between wallets",
}
NEEDED = {
    "enableReading": "Enable Reading",
    "enableSpotAndMarginTrading": "Enable Spot & Margin Trading",
}


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a checked key may do; only `check_permissions` makes one."""

    told: Mapping[str, Any]
    ip_restricted: bool


@runtime_checkable
class KeyChecker(Protocol):
    """A venue that says what a key may do."""

    async def restrictions(self, pair: KeyPair) -> Mapping[str, Any]:
        """Ask with the key itself. Raises ExchangeAwayError."""
        ...


async def check_key(exchange: KeyChecker, pair: KeyPair, settings: ProcessSettings) -> Permissions:
    """Ask what a key may do and refuse what is unsafe.

    Raises KeyRefusedError, and ExchangeAwayError when the venue does not answer for the key.
    """
    told = await exchange.restrictions(pair)
    return check_permissions(told, must_be_ip_locked=settings.environment == "production")


def check_permissions(told: Mapping[str, Any], *, must_be_ip_locked: bool) -> Permissions:
    """Refuse a key that can move money out, or cannot trade. What was not said is not safe."""
    for name, meaning in FORBIDDEN.items():
        if told.get(name) is not False:
            raise KeyRefusedError(
                f"This key may {meaning}. Switch {name} off at the exchange, then try again."
            )
    for name, label in NEEDED.items():
        if told.get(name) is not True:
            raise KeyRefusedError(
                f'This key cannot trade for you. Switch "{label}" on at the exchange,'
                " then try again."
            )
    ip_restricted = told.get("ipRestrict") is True
    if must_be_ip_locked and not ip_restricted:
        raise KeyRefusedError(
            "This key works from any address. Restrict it to our addresses at the exchange,"
            " then try again."
        )
    return Permissions(dict(told), ip_restricted)


async def connect_account(
    tx: Transaction,
    *,
    user_id: int,
    venue: str,
    label: str,
    pair: KeyPair,
    permissions: Permissions,
    vault: Vault,
) -> int:
    """Write an account and its sealed key; gives the account's id.

    Raises KeyRefusedError when the key is connected already, here or at somebody else's.
    """
    fingerprint = vault.fingerprint(pair)
    if await tx.scalar(select(ApiKey.account_id).where(ApiKey.fingerprint == fingerprint)):
        raise KeyRefusedError(
            "This key is connected already. Make a new key at the exchange for a second account."
        )
    account_id = await _write_account(tx, user_id, venue, label, key_version=1)
    sealed = vault.seal(pair, Owner(user_id, venue, account_id, 1))
    await tx.execute(
        insert(ApiKey).values(
            account_id=account_id,
            version=1,
            permissions=permissions.told,
            ip_restricted=permissions.ip_restricted,
            created_at=now(),
            **asdict(sealed),
        )
    )
    return account_id


async def open_paper_account(
    tx: Transaction, user_id: int, label: str, balance: Decimal, asset: str = "USDT"
) -> int:
    """Open a paper account with `balance` of `asset`; gives the account's id."""
    account_id = await _write_account(tx, user_id, "paper", label, key_version=0)
    amount = {"account_id": account_id, "asset": asset, "free": balance}
    await tx.execute(insert(PaperBalance).values(amount))
    await tx.execute(insert(AccountBalance).values(amount | {"as_of": now()}))
    return account_id


async def _write_account(
    tx: Transaction, user_id: int, venue: str, label: str, *, key_version: int
) -> int:
    account = ExchangeAccount(
        user_id=user_id, venue=venue, label=label, key_version=key_version, created_at=now()
    )
    tx.add(account)
    await tx.flush()
    return account.id
