"""Is this the answer to a question we asked this very browser, just now, and for the first time?"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, select

from nexus.accounts.models import Challenge
from nexus.core.clock import now
from nexus.core.db import Transaction

LIVES: Final = timedelta(minutes=5)
BYTES: Final = 32
SWEPT_AT_ONCE: Final = 100


async def make_challenge(
    tx: Transaction,
    kind: str,
    *,
    bound_to: str,
    lives: timedelta = LIVES,
    detail: Mapping[str, Any] | None = None,
) -> bytes:
    """Give 256 random bits that come back once at most, and only from where they were sent."""
    value, moment = secrets.token_bytes(BYTES), now()
    await _sweep(tx)
    tx.add(
        Challenge(
            kind=kind,
            bound_to=bound_to,
            value_sha256=_hash(value),
            detail=dict(detail or {}),
            expires_at=moment + lives,
        )
    )
    await tx.flush()
    return value


async def take_challenge(
    tx: Transaction, kind: str, value: bytes, *, bound_to: str
) -> dict[str, Any] | None:
    """Use a challenge up and give its detail; None when it is not one of this browser's, or old.

    Of two requests that bring the same one, the second finds nothing.
    """
    detail: dict[str, Any] | None = await tx.scalar(
        delete(Challenge)
        .where(
            Challenge.value_sha256 == _hash(value),
            Challenge.kind == kind,
            Challenge.bound_to == bound_to,
            Challenge.expires_at > now(),
        )
        .returning(Challenge.detail)
    )
    return detail


async def _sweep(tx: Transaction) -> None:
    """Forget some that nobody answered in time; what another request sweeps is left to it."""
    old = (
        select(Challenge.id)
        .where(Challenge.expires_at <= now())
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await tx.execute(delete(Challenge).where(Challenge.id.in_(old)))


def _hash(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()
