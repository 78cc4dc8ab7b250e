"""Whose key signs this? Reads sealed keys for a batch in one query; each opens only when used."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from nexus.core.db import Database
from nexus.exchanges.key_meter import KeyMeter
from nexus.exchanges.models import ApiKey, ExchangeAccount
from nexus.exchanges.protocol import Account
from nexus.exchanges.vault import KeyPair, Owner, SealedKey, Vault, open_vault
from nexus.settings import ProcessSettings


@dataclass(frozen=True, slots=True)
class LockedKey:
    """A key that can be opened, and its version: a rotated key must not sign an older claim."""

    version: int
    open: Callable[[], KeyPair]
    """Decrypt it, right before signing. Raises KeyLockedError."""


KeyReader = Callable[[Sequence[Account]], Awaitable[Mapping[int, LockedKey]]]
"""Reads the locked keys of accounts, by account id; an account without a key is left out."""


class KeyRing:
    """The stored keys. It keeps nothing: a removed key is gone at the next read."""

    def __init__(
        self, database: Database, settings: ProcessSettings, meter: KeyMeter | None = None
    ) -> None:
        self.database = database
        self.settings = settings
        self.meter = meter or KeyMeter()

    async def read(self, accounts: Sequence[Account]) -> Mapping[int, LockedKey]:
        """Read the keys of `accounts` that have not been removed. Raises KeyLockedError."""
        vault = open_vault(self.settings)
        wanted = (
            select(ApiKey, ExchangeAccount.user_id, ExchangeAccount.venue)
            .join(ExchangeAccount, ExchangeAccount.id == ApiKey.account_id)
            .where(
                ApiKey.account_id.in_({account.id for account in accounts}),
                ApiKey.destroyed_at.is_(None),
                ExchangeAccount.status != "removed",
            )
        )
        async with self.database.transaction() as tx:
            rows = (await tx.execute(wanted)).all()
        return {row.account_id: self._lock(vault, row, user, venue) for row, user, venue in rows}

    def _lock(self, vault: Vault, row: ApiKey, user_id: int, venue: str) -> LockedKey:
        owner = Owner(user_id, venue, row.account_id, row.version)
        sealed = SealedKey(
            row.kid, row.wrap_nonce, row.wrapped_dek, row.nonce, row.ciphertext, row.last4
        )

        def open_it() -> KeyPair:
            self.meter.count(owner.account_id)
            return vault.open_key(sealed, owner)

        return LockedKey(row.version, open_it)
