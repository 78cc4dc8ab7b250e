"""Which links have we sent to a person's address, and are they still good? Each works once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, literal, select, update

from nexus.accounts.models import EmailLink, User
from nexus.accounts.register import email_key
from nexus.core.clock import now
from nexus.core.db import Transaction


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is still good, and whose it is."""

    id: int
    user_id: int
    purpose: str
    email: str
    """The address that the link is about; see `EmailLink`."""
    user_email: str
    """The person's address as it is now."""
    created_at: datetime


async def make_link(
    tx: Transaction, user_id: int, purpose: str, email: str, *, good_for: timedelta
) -> str:
    """Write a link down and give its token, which is nowhere stored."""
    token, moment = secrets.token_urlsafe(32), now()
    tx.add(
        EmailLink(
            user_id=user_id,
            purpose=purpose,
            email=email,
            token_sha256=_hash(token),
            created_at=moment,
            expires_at=moment + good_for,
            used_at=None,
        )
    )
    await tx.flush()
    return token


async def make_link_by_email(
    tx: Transaction, email: str, purpose: str, *, good_for: timedelta
) -> str | None:
    """Write a link down for whoever has this address: its token, or None when nobody has.

    One statement either way, so that its time does not tell.
    """
    token, moment = secrets.token_urlsafe(32), now()
    columns = ("user_id", "purpose", "email", "token_sha256", "created_at", "expires_at")
    owner = select(
        User.id,
        literal(purpose),
        User.email,
        literal(_hash(token)),
        literal(moment),
        literal(moment + good_for),
    ).where(User.email_key == email_key(email), User.disabled_at.is_(None))
    made = await tx.scalar(
        insert(EmailLink).from_select(list(columns), owner).returning(EmailLink.id)
    )
    return token if made is not None else None


async def find_link(tx: Transaction, token: str, *purposes: str) -> Link | None:
    """Find a link that is good for one of `purposes`: not used, not old, its person not barred."""
    found = await tx.execute(
        select(
            EmailLink.id,
            User.id,
            EmailLink.purpose,
            EmailLink.email,
            User.email,
            EmailLink.created_at,
        )
        .join(User, User.id == EmailLink.user_id)
        .where(
            EmailLink.token_sha256 == _hash(token),
            EmailLink.purpose.in_(purposes),
            EmailLink.used_at.is_(None),
            EmailLink.expires_at > now(),
            User.disabled_at.is_(None),
        )
    )
    link = found.one_or_none()
    return Link(*link) if link else None


async def use_link(tx: Transaction, link: Link) -> bool:
    """Use a link up; False when somebody else was quicker, or it ran out meanwhile."""
    moment = now()
    used = await tx.scalar(
        update(EmailLink)
        .where(EmailLink.id == link.id, EmailLink.used_at.is_(None), EmailLink.expires_at > moment)
        .values(used_at=moment)
        .returning(EmailLink.id)
    )
    return used is not None


async def void_links(tx: Transaction, user_id: int, *purposes: str) -> None:
    """Make all of a person's links of these purposes worth nothing."""
    await tx.execute(
        update(EmailLink)
        .where(
            EmailLink.user_id == user_id,
            EmailLink.purpose.in_(purposes),
            EmailLink.used_at.is_(None),
        )
        .values(used_at=now())
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
