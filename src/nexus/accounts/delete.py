"""How does somebody leave? They ask, may take it back for two weeks, and are erased after that.

What names them is erased; the books (orders, fills, the audit) keep the bare number of somebody
who was here. See `held.py` for each table, and docs/decisions/0011-leaving.md for why.
"""

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import delete, select, update

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.events import DeletionAsked
from nexus.accounts.held import HELD, rows_about, table_of
from nexus.accounts.models import User
from nexus.accounts.register import email_key
from nexus.accounts.sessions import Person, end_all_sessions, end_other_sessions
from nexus.core.clock import now
from nexus.core.db import Database, Table, Transaction
from nexus.core.site import Site
from nexus.mail.outbox import post

log = structlog.get_logger()

GRACE: Final = timedelta(days=14)
CLOSED_FOR: Final = timedelta(minutes=30)
"""How long an account is closed before it is erased: what its bots were doing ends meanwhile."""
MOST_AT_ONCE: Final = 100


async def ask_deletion(
    tx: Transaction, site: Site, person: Person, typed: str, network: str
) -> None:
    """Begin the two weeks; raise AccountRefusedError when the address typed is not theirs."""
    if email_key(typed) != email_key(person.email):
        raise AccountRefusedError("email", f"Write {person.email}, or keep the account.")
    due = now() + GRACE
    asked = await tx.scalar(
        update(User)
        .where(User.id == person.id, User.delete_after.is_(None))
        .values(delete_after=due)
        .returning(User.id)
    )
    if asked is None:
        return
    await end_other_sessions(tx, person.id, keep=person.session_id)
    tx.announce(DeletionAsked(person.id))
    address = f"{site.base_url}/settings/data"
    await post(tx, "delete_asked", person.email, due=due, network=network, address=address)
    await write_audit(tx, "delete_asked", user_id=person.id, actor_id=person.id, network=network)


async def take_back(tx: Transaction, person: Person, network: str) -> None:
    """Keep the account after all. Its bots stay paused: starting them is a decision of its own."""
    kept = await tx.scalar(
        update(User)
        .where(User.id == person.id, User.delete_after.is_not(None))
        .values(delete_after=None)
        .returning(User.id)
    )
    if kept is None:
        return
    await post(tx, "delete_taken_back", person.email, network=network)
    await write_audit(
        tx, "delete_taken_back", user_id=person.id, actor_id=person.id, network=network
    )


async def erase_due(database: Database) -> None:
    """Close the accounts whose time has come, and erase those that have been closed a while."""
    async with database.transaction() as tx:
        due = list(
            await tx.scalars(
                select(User.id)
                .where(User.delete_after <= now())
                .order_by(User.delete_after)
                .limit(MOST_AT_ONCE)
            )
        )
    for user_id in due:
        async with database.transaction() as tx:
            await _close_or_erase(tx, user_id)


async def _close_or_erase(tx: Transaction, user_id: int) -> None:
    user = await tx.scalar(
        select(User).where(User.id == user_id, User.delete_after <= now()).with_for_update()
    )
    if user is None:
        return
    if user.disabled_at is None:
        user.disabled_at = now()
        await end_all_sessions(tx, user_id)
        tx.announce(DeletionAsked(user_id))
    elif user.disabled_at <= now() - CLOSED_FOR:
        await _erase(tx, user)


async def _erase(tx: Transaction, user: User) -> None:
    """Erase what names a person; children go before what they hang on."""
    user_id, address = user.id, user.email_key
    for table in reversed(Table.metadata.sorted_tables):
        held = HELD.get(table.name)
        if held is None or table.name == "users":
            continue
        about = rows_about(table.name, user_id, address)
        if not held.kept:
            await tx.execute(delete(table).where(about))
        elif held.blanked:
            await tx.execute(update(table).where(about).values(**held.blanked))
    nobody = f"deleted-{user_id}@deleted.invalid"
    await tx.execute(
        update(table_of("users"))
        .where(rows_about("users", user_id, address))
        .values(
            email=nobody,
            email_key=nobody,
            email_verified_at=None,
            display_name="",
            password_hash=None,
            role="trader",
            delete_after=None,
        )
    )
    log.info("person_erased", user_id=user_id)
    await write_audit(tx, "deleted", user_id=user_id)
