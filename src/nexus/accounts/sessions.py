"""In which browser is who signed in? Sessions start, are found by their cookie, and end."""

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, case, delete, exists, not_, or_, select, update

from nexus.accounts.events import SessionsEnded
from nexus.accounts.models import Passkey, Session, TotpSecret, User
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.core.display import DEFAULT, Display

COOKIE: Final = "session"
ENDS_AFTER: Final = timedelta(days=30)
ENDS_IDLE_AFTER: Final = timedelta(days=7)
STAFF_ENDS_AFTER: Final = timedelta(hours=12)
STAFF_ENDS_IDLE_AFTER: Final = timedelta(minutes=30)
"""Whoever can see other people's accounts is signed in for a working day, not for a month."""
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly `last_seen_at` is kept: a write per page would cost more than it tells."""

PENDING_FOR: Final = timedelta(minutes=10)
"""How long a password that was right waits for the second factor."""

TOKEN_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: a signed-in person, and the session they are signed in with."""

    id: int
    email: str
    display_name: str
    session_id: int
    role: str
    email_verified: bool
    has_second_factor: bool
    """Whether an authenticator app or a passkey has been added."""
    proven_at: datetime | None
    """When they last proved in this session that they are still themselves."""
    delete_after: datetime | None
    """When they will be deleted by their own wish; None for almost everybody."""
    proven_by: str = ""
    """How they proved it: `totp`, `passkey`, `password` and so on."""
    display: Display = DEFAULT
    """How they want times and amounts to look."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody whose password was right and who still owes the second factor: nobody so far."""

    user_id: int
    email: str
    session_id: int


async def start_session(
    tx: Transaction,
    user_id: int,
    *,
    user_agent: str,
    network: str,
    method: str = "password",
    factor_pending: bool = False,
    proven: bool = True,
) -> str:
    """Sign a person in: give the new token for the cookie, which is nowhere stored.

    With `factor_pending` the session is nobody's until the second factor has been shown. Without
    `proven` they are signed in, and what is dangerous asks them for a proof first.
    """
    token = secrets.token_urlsafe(32)
    moment = now()
    proven = proven and not factor_pending
    await tx.execute(delete(Session).where(Session.user_id == user_id, not_(_is_alive(moment))))
    tx.add(
        Session(
            user_id=user_id,
            token_sha256=_hash(token),
            method=method,
            factor_pending=factor_pending,
            proven_at=moment if proven else None,
            proven_by=method if proven else "",
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + ENDS_AFTER,
            user_agent=user_agent[:LONGEST_USER_AGENT],
            network=network,
        )
    )
    await tx.flush()
    return token


async def rotate_session(tx: Transaction, session_id: int) -> str:
    """Give a session a new token for its cookie; the old one is worth nothing from the commit on.

    Needed whenever trust grows: a token that somebody copied before must not grow with it. The
    row stays, and with it the CSRF tokens of the forms that are open in this browser.
    """
    token = secrets.token_urlsafe(32)
    await tx.execute(
        update(Session).where(Session.id == session_id).values(token_sha256=_hash(token))
    )
    return token


async def find_person(tx: Transaction, token: str) -> Person | None:
    """Find who is signed in with `token`: not expired, not idle too long, not disabled."""
    if not TOKEN_SHAPE.fullmatch(token):
        return None
    moment = now()
    found = (
        await tx.execute(
            select(
                Session.last_seen_at,
                User.id,
                User.email,
                User.display_name,
                Session.id,
                User.role,
                User.email_verified_at.is_not(None),
                has_second_factor(),
                Session.proven_at,
                User.delete_after,
                Session.proven_by,
                User.time_zone,
                User.number_format,
                User.display_currency,
            )
            .join(User, User.id == Session.user_id)
            .where(
                Session.token_sha256 == _hash(token),
                signed_in_now(moment),
            )
        )
    ).one_or_none()
    if found is None:
        return None
    *known, zone, number_format, currency = list(found)[1:]
    person = replace(Person(*known), display=Display(zone, number_format, currency))
    if moment - found.last_seen_at > SEEN_EVERY:
        await _mark_seen(tx, person.session_id, moment)
    return person


async def find_pending(tx: Transaction, token: str) -> Pending | None:
    """Find who is signing in with `token` and owes the second factor, for ten minutes."""
    if not TOKEN_SHAPE.fullmatch(token):
        return None
    found = await tx.execute(
        select(User.id, User.email, Session.id)
        .join(User, User.id == Session.user_id)
        .where(
            Session.token_sha256 == _hash(token),
            Session.factor_pending,
            Session.created_at > now() - PENDING_FOR,
            User.disabled_at.is_(None),
        )
    )
    pending = found.one_or_none()
    return Pending(*pending) if pending else None


def has_second_factor() -> ColumnElement[bool]:
    """Select whether the `User` of a query has a factor besides the password."""
    totp = exists().where(TotpSecret.user_id == User.id, TotpSecret.confirmed_at.is_not(None))
    return or_(totp, exists().where(Passkey.user_id == User.id))


async def is_signed_in(tx: Transaction, session_id: int) -> bool:
    """Say whether somebody is still signed in with this session, whatever its token is by now."""
    found = (
        select(Session.id)
        .join(User, User.id == Session.user_id)
        .where(Session.id == session_id, signed_in_now(now()))
    )
    return await tx.scalar(found) is not None


async def end_session(tx: Transaction, token: str) -> None:
    """End the session of `token`, if there is one."""
    await _end(tx, Session.token_sha256 == _hash(token))


async def end_one_session(tx: Transaction, user_id: int, session_id: int) -> bool:
    """End one of this person's sessions; False when it is none of theirs, or has ended before."""
    return await _end(tx, Session.user_id == user_id, Session.id == session_id) == 1


async def end_other_sessions(tx: Transaction, user_id: int, *, keep: int) -> int:
    """End all of a person's sessions but the one with the id `keep`; give how many ended."""
    return await _end(tx, Session.user_id == user_id, Session.id != keep)


async def end_all_sessions(tx: Transaction, user_id: int) -> int:
    """End all of a person's sessions; give how many ended."""
    return await _end(tx, Session.user_id == user_id)


async def _end(tx: Transaction, *which: ColumnElement[bool]) -> int:
    """End sessions, and say so: what is open in those browsers closes at once."""
    ended = await tx.scalars(delete(Session).where(*which).returning(Session.id))
    ids = tuple(ended)
    if ids:
        tx.announce(SessionsEnded(ids))
    return len(ids)


async def _mark_seen(tx: Transaction, session_id: int, moment: datetime) -> None:
    """Note that the session is used; of a page's many requests only the first one writes."""
    await tx.execute(
        update(Session)
        .where(Session.id == session_id, Session.last_seen_at < moment - SEEN_EVERY)
        .values(last_seen_at=moment)
    )


def signed_in_now(moment: datetime) -> ColumnElement[bool]:
    """Select the sessions of a query on `Session` and `User` with which somebody is signed in."""
    is_trader = User.role == "trader"
    longest = case((is_trader, ENDS_AFTER), else_=STAFF_ENDS_AFTER)
    idle = case((is_trader, ENDS_IDLE_AFTER), else_=STAFF_ENDS_IDLE_AFTER)
    return and_(
        Session.factor_pending.is_(False),
        Session.expires_at > moment,
        Session.created_at > moment - longest,
        Session.last_seen_at > moment - idle,
        User.disabled_at.is_(None),
    )


def _is_alive(moment: datetime) -> ColumnElement[bool]:
    return and_(Session.expires_at > moment, Session.last_seen_at > moment - ENDS_IDLE_AFTER)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
