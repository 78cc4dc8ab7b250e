"""Is the audit what was written? Walks the whole chain and names every entry that does not fit.

What the chain cannot show is that all of it was written anew, the head included. Against that its
newest hash goes into the log every hour: keep it elsewhere, and give it to `nexus audit verify`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from nexus.accounts.audit import FIRST, entry_hash
from nexus.accounts.models import AuditEntry, AuditHead
from nexus.core.db import Transaction

log = structlog.get_logger()

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written, and the entry it concerns."""

    entry_id: int
    sentence: str


async def verify_audit(
    tx: Transaction, known: tuple[int, bytes] | None = None
) -> AsyncIterator[Finding]:
    """Find what was changed, removed or inserted; reads the entries in their order, as they come.

    `known` is the number and hash of an entry that somebody noted outside this database.
    """
    # First, because what is added meanwhile must not look as if it stood beyond the end.
    head = (await tx.execute(select(AuditHead.entry_id, AuditHead.hash))).one_or_none()
    if head is None:
        yield Finding(0, "The head of the chain is gone: nobody can say how far it went.")
    end, end_hash = head or (0, FIRST)
    before, hash_before = 0, FIRST
    entries = select(AuditEntry).where(AuditEntry.id <= end).order_by(AuditEntry.id)
    for_long = entries.execution_options(yield_per=AT_ONCE)
    async for entry in await tx.stream_scalars(for_long):
        for finding in _check(entry, before, hash_before):
            yield finding
        if known and entry.id == known[0] and entry.hash != known[1]:
            yield Finding(entry.id, f"Entry {entry.id} has another hash than the one you noted.")
        if entry.id > 0:
            before, hash_before = entry.id, entry.hash
        tx.expunge(entry)
    if before < end:
        yield Finding(before + 1, _missing(before + 1, end))
    elif hash_before != end_hash:
        yield Finding(end, f"Entry {end} was changed: the chain ended with another one.")
    if known and known[0] > end:
        yield Finding(known[0], f"Entry {known[0]}, which you noted, is missing.")
    async for finding in _beyond(tx, end):
        yield finding


async def publish_head(tx: Transaction) -> None:
    """Write the newest hash into the log, out of reach of whoever can write to the database."""
    head = (await tx.execute(select(AuditHead.entry_id, AuditHead.hash))).one()
    log.info("audit_head", entry=head.entry_id, hash=head.hash.hex())


def _check(entry: AuditEntry, before: int, hash_before: bytes) -> list[Finding]:
    """Compare an entry with itself and with the one before."""
    found = []
    number = entry.id
    if number <= 0:
        return [Finding(number, f"Entry {number} was inserted: the chain begins with 1.")]
    if number > before + 1:
        found.append(Finding(before + 1, _missing(before + 1, number - 1)))
    elif entry.previous_hash != hash_before:
        sentence = f"Entry {before} was changed: entry {number} was written after another one."
        found.append(Finding(before, sentence if before else "Entry 1 is not the first written."))
    if entry_hash(entry) != entry.hash:
        found.append(Finding(number, f"Entry {number} was changed: its hash is of other words."))
    return found


async def _beyond(tx: Transaction, end: int) -> AsyncIterator[Finding]:
    """Find entries that nobody who writes entries has written: beyond the end of the chain."""
    head = await tx.scalar(select(AuditHead.entry_id).with_for_update(read=True)) or 0
    numbers = select(AuditEntry.id).where(AuditEntry.id > max(head, end)).order_by(AuditEntry.id)
    for number in await tx.scalars(numbers):
        yield Finding(number, f"Entry {number} was inserted: the chain ends with {head}.")


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"Entry {first} was removed."
    return f"Entries {first} to {last} were removed."
