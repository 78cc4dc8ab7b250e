"""How does somebody who is signed in change their password? By knowing the old one, too."""

from dataclasses import dataclass, field

import structlog
from sqlalchemy import select, update

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import AccountRefusedError, TooManyAttemptsError
from nexus.accounts.known_browser import forget_browsers
from nexus.accounts.links import void_links
from nexus.accounts.models import User
from nexus.accounts.passwords import hash_password, verify_password
from nexus.accounts.reset import VOIDED
from nexus.accounts.sessions import Person, end_other_sessions, rotate_session
from nexus.core.db import Database, Transaction
from nexus.core.site import Site
from nexus.core.throttle import Rule, Throttle
from nexus.mail.outbox import post

log = structlog.get_logger()

PER_PERSON = Rule("change-password", limit=10, seconds=60 * 60)


@dataclass(frozen=True, slots=True)
class Change:
    """The password so far and the one to come, and where they were typed."""

    current: str = field(repr=False)
    password: str = field(repr=False)
    network: str
    known: tuple[str, ...] = field(repr=False)
    """What this browser shows to be recognised by; it goes on being known."""


async def has_password(tx: Transaction, user_id: int) -> bool:
    """Say whether somebody has a password; who signs in elsewhere only has none."""
    return await _stored(tx, user_id) is not None


async def change_password(
    database: Database, throttle: Throttle, site: Site, person: Person, change: Change
) -> str:
    """Give this session's new token; every other one ends.

    Raises AccountRefusedError with the field, and SignInRefusedError. No connection is held while
    the passwords are worked on, because that takes long on purpose.
    """
    async with database.transaction() as tx:
        stored = await _stored(tx, person.id)
    if stored is not None and not change.current:
        raise AccountRefusedError("current", "Write your password.")
    wait = await throttle.take(PER_PERSON, str(person.id))
    if wait:
        raise TooManyAttemptsError(wait)
    if stored is not None and not await verify_password(stored, change.current):
        raise AccountRefusedError("current", "This is not your password so far. Try again.")
    if stored is not None and change.password == change.current:
        raise AccountRefusedError("password", "This is your password already. Choose another one.")
    password_hash = await hash_password(change.password, person.email)
    async with database.transaction() as tx:
        return await _write(tx, site, person, change, (stored, password_hash))


async def _stored(tx: Transaction, user_id: int) -> str | None:
    stored: str | None = await tx.scalar(select(User.password_hash).where(User.id == user_id))
    return stored


async def _write(
    tx: Transaction, site: Site, person: Person, change: Change, hashes: tuple[str | None, str]
) -> str:
    before, after = hashes
    changed = await tx.scalar(
        update(User)
        .where(User.id == person.id, User.password_hash.is_not_distinct_from(before))
        .values(password_hash=after)
        .returning(User.id)
    )
    if changed is None:
        raise AccountRefusedError("", "The password was changed elsewhere just now. Start again.")
    await void_links(tx, person.id, *VOIDED)
    await forget_browsers(tx, person.id, keep=change.known)
    ended = await end_other_sessions(tx, person.id, keep=person.session_id)
    token = await rotate_session(tx, person.session_id)
    await post(tx, "password_changed", person.email, forgot=f"{site.base_url}/forgot")
    await write_audit(
        tx,
        "password_changed",
        user_id=person.id,
        actor_id=person.id,
        network=change.network,
        sessions_ended=ended,
    )
    log.info("password_changed", user_id=person.id, network=change.network)
    return token
