"""Has this person signed in with this browser before? Then it is not counted with strangers.

However many strangers guess at an account, its owner's own browser keeps tries of its own. The
cookie lets nobody in: it is given to whoever got in, and good for guessing again.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.models import KnownBrowser, User
from nexus.accounts.register import email_key
from nexus.accounts.sessions import TOKEN_SHAPE
from nexus.core.clock import now
from nexus.core.db import Transaction

KNOWN_COOKIE: Final = "known"
GOOD_FOR: Final = timedelta(days=180)
MOST_PEOPLE: Final = 4
"""People one browser is remembered for: the cookie holds a token for each."""
MOST_BROWSERS: Final = 20
"""Browsers one person is remembered in; the one unused for longest makes room."""


def read_tokens(cookie: str) -> tuple[str, ...]:
    """Give the tokens in a cookie's value; whatever is none is left out."""
    parts = cookie.split(".", MOST_PEOPLE)[:MOST_PEOPLE]
    return tuple(part for part in parts if TOKEN_SHAPE.fullmatch(part))


async def find_known(tx: Transaction, email: str, tokens: Iterable[str]) -> int | None:
    """Find the browser's id when one of its tokens is of the person with this address."""
    found: int | None = await tx.scalar(
        select(KnownBrowser.id)
        .join(User, User.id == KnownBrowser.user_id)
        .where(
            User.email_key == email_key(email),
            KnownBrowser.token_sha256.in_([_hash(token) for token in tokens]),
            KnownBrowser.last_used_at > now() - GOOD_FOR,
        )
    )
    return found


async def remember_browser(
    tx: Transaction, user_id: int, tokens: tuple[str, ...], *, halfway: bool = False
) -> str:
    """Remember this browser for a person who signed in: give the cookie's new value.

    The token changes with every use, so that a copy is worth something until then only. Who is
    only `halfway`, and still owes a second factor, is remembered again and not for the first time.
    """
    fresh, moment = secrets.token_urlsafe(32), now()
    hashes = {_hash(token): token for token in tokens}
    renewed = await tx.scalar(
        update(KnownBrowser)
        .where(KnownBrowser.user_id == user_id, KnownBrowser.token_sha256.in_(hashes))
        .values(last_used_at=moment)
        .returning(KnownBrowser.token_sha256)
    )
    if renewed is None and halfway:
        return ".".join(tokens)
    if renewed is None:
        await tx.execute(
            insert(KnownBrowser).values(
                user_id=user_id, token_sha256=_hash(fresh), created_at=moment, last_used_at=moment
            )
        )
        await _forget_oldest(tx, user_id)
    else:
        await tx.execute(
            update(KnownBrowser)
            .where(KnownBrowser.token_sha256 == renewed)
            .values(token_sha256=_hash(fresh))
        )
    others = [token for token in tokens if _hash(token) != renewed]
    return ".".join([fresh, *others][:MOST_PEOPLE])


async def forget_browsers(tx: Transaction, user_id: int, *, keep: Iterable[str] = ()) -> None:
    """Forget where a person has signed in, except the browser that holds one of these tokens."""
    await tx.execute(
        delete(KnownBrowser).where(
            KnownBrowser.user_id == user_id,
            KnownBrowser.token_sha256.not_in([_hash(token) for token in keep]),
        )
    )


async def _forget_oldest(tx: Transaction, user_id: int) -> None:
    newest = (
        select(KnownBrowser.id)
        .where(KnownBrowser.user_id == user_id)
        .order_by(KnownBrowser.last_used_at.desc(), KnownBrowser.id.desc())
        .limit(MOST_BROWSERS)
    )
    await tx.execute(
        delete(KnownBrowser).where(
            KnownBrowser.user_id == user_id,
            or_(
                KnownBrowser.id.not_in(newest),
                KnownBrowser.last_used_at <= now() - GOOD_FOR,
            ),
        )
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
