"""In which browser is who signed in? Sessions start, are found by their cookie, and end."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, not_, or_, select, update

from nexus.accounts.models import Passkey, Session, TotpSecret, User
from nexus.core.clock import now
from nexus.core.db import Transaction

COOKIE: Final = "session"
ENDS_AFTER: Final = timedelta(days=30)
ENDS_IDLE_AFTER: Final = timedelta(days=7)
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly `last_seen_at` is kept: a write per page would cost more than it tells."""

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


async def start_session(
    tx: Transaction,
    user_id: int,
    *,
    user_agent: str,
    network: str,
    method: str = "password",
    factor_pending: bool = False,
) -> str:
    """Sign a person in: give the new token for the cookie, which is nowhere stored.

    With `factor_pending` the session is nobody's until the second factor has been shown.
    """
    token = secrets.token_urlsafe(32)
    moment = now()
    await tx.execute(delete(Session).where(Session.user_id == user_id, not_(_is_alive(moment))))
    tx.add(
        Session(
            user_id=user_id,
            token_sha256=_hash(token),
            method=method,
            factor_pending=factor_pending,
            proven_at=None if factor_pending else moment,
            created_at=moment,
            last_seen_at=moment,
            expires_at=moment + ENDS_AFTER,
            user_agent=user_agent[:LONGEST_USER_AGENT],
            network=network,
        )
    )
    await tx.flush()
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
            )
            .join(User, User.id == Session.user_id)
            .where(
                Session.token_sha256 == _hash(token),
                Session.factor_pending.is_(False),
                _is_alive(moment),
                User.disabled_at.is_(None),
            )
        )
    ).one_or_none()
    if found is None:
        return None
    person = Person(*found[1:])
    if moment - found.last_seen_at > SEEN_EVERY:
        await _mark_seen(tx, person.session_id, moment)
    return person


def has_second_factor() -> ColumnElement[bool]:
    """Select whether the `User` of a query has a factor besides the password."""
    totp = exists().where(TotpSecret.user_id == User.id, TotpSecret.confirmed_at.is_not(None))
    return or_(totp, exists().where(Passkey.user_id == User.id))


async def end_session(tx: Transaction, token: str) -> None:
    """End the session of `token`, if there is one."""
    await tx.execute(delete(Session).where(Session.token_sha256 == _hash(token)))


async def _mark_seen(tx: Transaction, session_id: int, moment: datetime) -> None:
    """Note that the session is used; of a page's many requests only the first one writes."""
    await tx.execute(
        update(Session)
        .where(Session.id == session_id, Session.last_seen_at < moment - SEEN_EVERY)
        .values(last_seen_at=moment)
    )


def _is_alive(moment: datetime) -> ColumnElement[bool]:
    return and_(Session.expires_at > moment, Session.last_seen_at > moment - ENDS_IDLE_AFTER)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
