"""Which documents must somebody have accepted, and have they, in the version of today?

A new version here is all it takes: everybody is asked again before anything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.audit import write_audit
from nexus.accounts.models import Consent
from nexus.core.clock import now
from nexus.core.db import Transaction


@dataclass(frozen=True, slots=True)
class Document:
    """What is accepted, where it is read, and since when it reads as it does."""

    name: str
    title: str
    path: str
    version: str
    """The day it took effect."""


DOCUMENTS: Final = (
    Document("terms", "Terms of use", "/terms", "2026-01-15"),
    Document("risk", "Risk disclosure", "/risk", "2026-01-15"),
)


def today() -> dict[str, str]:
    """Give the version of each document that is asked for now."""
    return {document.name: document.version for document in DOCUMENTS}


async def accept(
    tx: Transaction, user_id: int, versions: Mapping[str, str], *, network: str
) -> None:
    """Write down that somebody accepted documents; one accepted before is left as it was."""
    moment = now()
    given = await tx.scalars(
        insert(Consent)
        .values(
            [
                {
                    "user_id": user_id,
                    "document": document,
                    "version": version,
                    "accepted_at": moment,
                    "network": network,
                }
                for document, version in versions.items()
            ]
        )
        .on_conflict_do_nothing()
        .returning(Consent.document)
    )
    for document in sorted(given):
        await write_audit(
            tx,
            "consent_given",
            user_id=user_id,
            actor_id=user_id,
            network=network,
            document=document,
            version=versions[document],
        )


async def missing(tx: Transaction, user_id: int) -> list[Document]:
    """List the documents that somebody has not accepted in today's version."""
    accepted = set(
        await tx.execute(
            select(Consent.document, Consent.version).where(Consent.user_id == user_id)
        )
    )
    return [known for known in DOCUMENTS if (known.name, known.version) not in accepted]
