"""Who did what? One chain of entries that can be added to, and not changed unnoticed."""

import hashlib
import json
from datetime import UTC

from sqlalchemy import select, update

from nexus.accounts.models import AuditEntry, AuditHead
from nexus.core.clock import now
from nexus.core.db import Transaction

FIRST = b"\0" * 32
"""What the first entry names as the hash before it."""

Detail = str | int | bool | None


async def write_audit(
    tx: Transaction,
    act: str,
    *,
    user_id: int | None,
    actor_id: int | None = None,
    network: str = "",
    **detail: Detail,
) -> None:
    """Add an entry, in the transaction of what it tells of.

    Never put into `detail` what must not be read by support: no secrets, tokens or codes.
    Call it last: until `tx` ends, nobody else can add to the chain.
    """
    head = await tx.execute(select(AuditHead.entry_id, AuditHead.hash).with_for_update())
    newest, previous = head.one()
    entry = AuditEntry(
        id=newest + 1,
        at=now(),
        act=act,
        user_id=user_id,
        actor_id=actor_id,
        network=network,
        detail=detail,
        previous_hash=previous,
    )
    entry.hash = entry_hash(entry)
    tx.add(entry)
    await tx.execute(update(AuditHead).values(entry_id=entry.id, hash=entry.hash))
    await tx.flush()


def entry_hash(entry: AuditEntry) -> bytes:
    """Hash an entry with the hash of the one before; the same bytes for the same entry."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [
        entry.id, at, entry.act, entry.user_id, entry.actor_id, entry.network, entry.detail,
    ]  # fmt: skip
    text = json.dumps(fields, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(entry.previous_hash + text.encode()).digest()
