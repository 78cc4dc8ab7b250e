"""Wrap every data key under the newest key-encryption key; no exchange key is opened for it.

Batch by batch, each committed: whatever interrupts it, what is done is done, and starting again
does the rest. Workers go on meanwhile, as long as they were given the old and the new key.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import func, select, update

from nexus.core.db import Database, Transaction
from nexus.exchanges.key_provider import Wrapped
from nexus.exchanges.models import ApiKey, ExchangeAccount, VaultSecret
from nexus.exchanges.vault import Owner, Vault
from nexus.exchanges.vault_secrets import bound_to

BATCH = 100


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How many keys are wrapped under one key-encryption key."""

    kid: str
    keys: int


async def count_keys(tx: Transaction) -> list[KeyCount]:
    """Count living keys, and the installation's own secrets, by what they are wrapped under."""
    kinds = (
        select(ApiKey.kid).where(ApiKey.destroyed_at.is_(None)),
        select(VaultSecret.kid),
    )
    everything = kinds[0].union_all(kinds[1]).subquery()
    rows = select(everything.c.kid, func.count()).group_by(everything.c.kid)
    return [KeyCount(*row) for row in await tx.execute(rows.order_by(everything.c.kid))]


async def rotate(database: Database, vault: Vault) -> AsyncIterator[int]:
    """Wrap again what is not under the newest key; yields how many after each batch.

    Raises KeyLockedError for a key that cannot be unwrapped; what was done before stays done.
    """
    async with database.transaction() as tx:
        yield await _rewrap_secrets(tx, vault)
    while True:
        async with database.transaction() as tx:
            done = await _rewrap_keys(tx, vault)
        if not done:
            return
        yield done


async def _rewrap_secrets(tx: Transaction, vault: Vault) -> int:
    waiting = select(VaultSecret).where(VaultSecret.kid != vault.keys.kid).with_for_update()
    rows = (await tx.scalars(waiting)).all()
    for row in rows:
        bound = bound_to(row.name)
        secret = vault.keys.unwrap(Wrapped(row.kid, row.wrap_nonce, row.wrapped), bound)
        fresh = vault.keys.wrap(secret, bound)
        row.kid, row.wrap_nonce, row.wrapped = fresh.kid, fresh.wrap_nonce, fresh.wrapped_dek
    return len(rows)


async def _rewrap_keys(tx: Transaction, vault: Vault) -> int:
    """Wrap a batch again; the rows are locked, so none is replaced or destroyed meanwhile."""
    columns = (
        ApiKey.account_id, ApiKey.version, ApiKey.kid, ApiKey.wrap_nonce, ApiKey.wrapped_dek,
        ExchangeAccount.user_id, ExchangeAccount.venue,
    )  # fmt: skip
    rows = await tx.execute(
        select(*columns)
        .join(ExchangeAccount, ExchangeAccount.id == ApiKey.account_id)
        .where(ApiKey.kid != vault.keys.kid, ApiKey.destroyed_at.is_(None))
        .order_by(ApiKey.account_id)
        .limit(BATCH)
        .with_for_update(of=ApiKey)
    )
    done = 0
    for row in rows.all():
        owner = Owner(row.user_id, row.venue, row.account_id, row.version)
        fresh = vault.rewrap(Wrapped(row.kid, row.wrap_nonce, row.wrapped_dek), owner)
        await tx.execute(
            update(ApiKey)
            .where(ApiKey.account_id == row.account_id)
            .values(kid=fresh.kid, wrap_nonce=fresh.wrap_nonce, wrapped_dek=fresh.wrapped_dek)
        )
        done += 1
    return done
