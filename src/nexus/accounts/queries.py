"""Reads of this folder: where somebody is signed in, and what happened in their account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from nexus.accounts.device import device_in_words
from nexus.accounts.models import AuditEntry, Session, User
from nexus.accounts.sessions import signed_in_now
from nexus.accounts.words import act_in_words
from nexus.core.clock import now
from nexus.core.db import Transaction

ENTRIES_AT_ONCE: Final = 30


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser in which somebody is signed in, in their words."""

    id: int
    device: str
    network: str
    created_at: datetime
    last_seen_at: datetime
    is_here: bool


@dataclass(frozen=True, slots=True)
class ActivityView:
    """One line of what happened in somebody's account."""

    id: int
    at: datetime
    words: str
    network: str
    refused: bool


async def sessions_of(tx: Transaction, user_id: int, *, here: int) -> list[SessionView]:
    """Read where a person is signed in: this browser first, then by last use."""
    rows = await tx.scalars(
        select(Session)
        .join(User, User.id == Session.user_id)
        .where(Session.user_id == user_id, signed_in_now(now()))
        .order_by((Session.id == here).desc(), Session.last_seen_at.desc(), Session.id.desc())
    )
    return [
        SessionView(
            id=row.id,
            device=device_in_words(row.user_agent),
            network=row.network,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_here=row.id == here,
        )
        for row in rows
    ]


async def audit_page(
    tx: Transaction, before: int | None = None, *, user_id: int | None = None
) -> list[AuditEntry]:
    """Read entries of the audit, newest first: of one person, or of all; from `before` on back."""
    entries = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(ENTRIES_AT_ONCE)
    if user_id is not None:
        entries = entries.where(AuditEntry.user_id == user_id)
    if before is not None:
        entries = entries.where(AuditEntry.id < before)
    return list(await tx.scalars(entries))


async def activity_of(
    tx: Transaction, user_id: int, before: int | None = None
) -> list[ActivityView]:
    """Read what happened in somebody's account, newest first.

    Where our staff acted from is not shown: that network is theirs.
    """
    views = []
    for entry in await audit_page(tx, before, user_id=user_id):
        by_staff = entry.actor_id not in (None, user_id)
        views.append(
            ActivityView(
                id=entry.id,
                at=entry.at,
                words=act_in_words(entry.act, entry.detail, by_staff=by_staff),
                network="" if by_staff else entry.network,
                refused=entry.act.endswith("_refused"),
            )
        )
    return views
