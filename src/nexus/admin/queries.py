"""Who is here, and what happened? Only as much of a person as helping them takes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from nexus.accounts.audit import entry_hash
from nexus.accounts.device import device_in_words
from nexus.accounts.models import AuditEntry, AuditHead, Identity, Session, User
from nexus.accounts.sessions import has_second_factor
from nexus.accounts.words import act_in_words
from nexus.bots.models import Bot
from nexus.core.db import Transaction
from nexus.exchanges.models import ExchangeAccount

Column = InstrumentedAttribute[int]

PEOPLE_AT_ONCE = 50
ENTRIES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people there are, and how many of them are a case of their own."""

    people: int
    staff: int
    disabled: int
    leaving: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in the list."""

    id: int
    email: str
    role: str
    created_at: datetime
    disabled: bool


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person, to somebody who helps them: no name, no balance, nothing they typed."""

    id: int
    email: str
    role: str
    created_at: datetime
    email_verified_at: datetime | None
    disabled_at: datetime | None
    delete_after: datetime | None
    has_password: bool
    has_second_factor: bool
    identities: int
    exchange_accounts: int
    bots: int


@dataclass(frozen=True, slots=True)
class SessionView:
    """A browser in which somebody is signed in, or owes the second factor."""

    method: str
    factor_pending: bool
    created_at: datetime
    last_seen_at: datetime
    device: str
    network: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry of the audit, and whether it still is what was hashed."""

    id: int
    at: datetime
    act: str
    """In the words that the person's own page has for it."""
    user_id: int | None
    user_email: str
    actor_id: int | None
    actor_email: str
    network: str
    detail: str
    fits: bool


async def count_people(tx: Transaction) -> Counts:
    """Count everybody at once."""
    counted = await tx.execute(
        select(
            func.count(),
            _count_where(User.role != "trader"),
            _count_where(User.disabled_at.is_not(None)),
            _count_where(User.delete_after.is_not(None)),
        ).select_from(User)
    )
    return Counts(*counted.one())


async def find_people(tx: Transaction, email: str, before: int | None) -> list[PersonRow]:
    """Read whose address has `email` in it, newest first, from below the id `before` on."""
    if "\0" in email:
        return []
    columns = (User.id, User.email, User.role, User.created_at, User.disabled_at.is_not(None))
    people = select(*columns).order_by(User.id.desc()).limit(PEOPLE_AT_ONCE)
    if email:
        people = people.where(User.email_key.contains(email.lower(), autoescape=True))
    if before is not None:
        people = people.where(User.id < before)
    return [PersonRow(*row) for row in await tx.execute(people)]


async def view_person(tx: Transaction, user_id: int) -> PersonView | None:
    """Read one person; None when there is nobody with this id."""
    found = await tx.execute(
        select(
            User.id,
            User.email,
            User.role,
            User.created_at,
            User.email_verified_at,
            User.disabled_at,
            User.delete_after,
            User.password_hash.is_not(None),
            has_second_factor(),
            _count_of(Identity.id, Identity.user_id),
            _count_of(ExchangeAccount.id, ExchangeAccount.user_id),
            _count_of(Bot.id, Bot.user_id),
        ).where(User.id == user_id)
    )
    # As named columns: a row of so many types is more than mypy follows.
    row = found.mappings().one_or_none()
    return PersonView(*row.values()) if row else None


async def view_sessions(tx: Transaction, user_id: int) -> list[SessionView]:
    """Read where a person is signed in, last used first."""
    rows = await tx.execute(
        select(
            Session.method,
            Session.factor_pending,
            Session.created_at,
            Session.last_seen_at,
            Session.user_agent,
            Session.network,
        )
        .where(Session.user_id == user_id)
        .order_by(Session.last_seen_at.desc())
    )
    return [
        SessionView(method, pending, began, seen, device_in_words(agent), network)
        for method, pending, began, seen, agent, network in rows
    ]


async def view_entries(
    tx: Transaction, *, user_id: int | None = None, before: int | None = None
) -> list[EntryView]:
    """Read the audit, newest first, from below the number `before` on; of one person or of all."""
    entries: Select[AuditEntry] = select(AuditEntry).order_by(AuditEntry.id.desc())
    if user_id is not None:
        entries = entries.where(AuditEntry.user_id == user_id)
    if before is not None:
        entries = entries.where(AuditEntry.id < before)
    found = list(await tx.scalars(entries.limit(ENTRIES_AT_ONCE)))
    people = {who for entry in found for who in (entry.user_id, entry.actor_id) if who is not None}
    rows = await tx.execute(select(User.id, User.email).where(User.id.in_(people)))
    emails = {number: email for number, email in rows}  # noqa: C416  rows are no tuples to mypy
    return [_entry(entry, emails) for entry in found]


async def count_entries(tx: Transaction) -> int:
    """Say how many entries were written: the chain counts itself."""
    return await tx.scalar(select(AuditHead.entry_id)) or 0


def _entry(entry: AuditEntry, emails: dict[int, str]) -> EntryView:
    detail = ", ".join(f"{name}: {value}" for name, value in sorted(entry.detail.items()))
    return EntryView(
        id=entry.id,
        at=entry.at,
        act=act_in_words(entry.act, {}, by_staff=False),
        user_id=entry.user_id,
        user_email=emails.get(entry.user_id or 0, ""),
        actor_id=entry.actor_id,
        actor_email=emails.get(entry.actor_id or 0, ""),
        network=entry.network,
        detail=detail,
        fits=entry_hash(entry) == entry.hash,
    )


def _count_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _count_of(column: Column, owner: Column) -> ColumnElement[int]:
    """Count a person's rows of another table, beside the person."""
    return select(func.count(column)).where(owner == User.id).scalar_subquery()
