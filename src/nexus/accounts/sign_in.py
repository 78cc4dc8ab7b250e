"""May this person in? The same answer, after the same work, for unknown, wrong and disabled."""

from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy import select, update

from nexus.accounts.errors import TooManyAttemptsError, WrongLoginError
from nexus.accounts.models import User
from nexus.accounts.passwords import hash_password, needs_rehash, verify_password
from nexus.accounts.register import EMAIL_SHAPE, email_key
from nexus.accounts.sessions import end_session, start_session
from nexus.core.db import Database, Transaction
from nexus.core.throttle import Rule, Throttle

log = structlog.get_logger()

# Guessing from elsewhere must not lock the owner out, so nobody counts against an account alone.
PER_ACCOUNT_AND_NETWORK: Final = Rule("sign-in-account", limit=5, seconds=15 * 60)
PER_NETWORK: Final = Rule("sign-in-network", limit=50, seconds=15 * 60)


@dataclass(frozen=True)
class Attempt:
    """Somebody's try to sign in."""

    email: str
    password: str = field(repr=False)
    network: str
    user_agent: str
    old_token: str = field(repr=False)
    """The session this browser had so far, which ends: a token never outlives a sign-in."""


async def sign_in(database: Database, throttle: Throttle, attempt: Attempt) -> str:
    """Give a new session's token; raise a SignInRefusedError.

    No connection is held while the password is checked, because that takes long on purpose.
    """
    await _count(throttle, attempt)
    async with database.transaction() as tx:
        user = await _find_user(tx, attempt.email)
    stored = user.password_hash if user and user.disabled_at is None else None
    if not await verify_password(stored, attempt.password) or user is None:
        log.info("sign_in_refused", network=attempt.network, user_id=user.id if user else None)
        raise WrongLoginError
    await _give_back(throttle, attempt)
    async with database.transaction() as tx:
        await _refresh_hash(tx, user, attempt.password)
        await end_session(tx, attempt.old_token)
        token = await start_session(
            tx, user.id, user_agent=attempt.user_agent, network=attempt.network
        )
    log.info("signed_in", user_id=user.id, network=attempt.network)
    return token


async def _count(throttle: Throttle, attempt: Attempt) -> None:
    """Count the attempt before the work, or many at once would all be the first."""
    wait = await throttle.take(PER_NETWORK, attempt.network)
    if not wait:
        key = (email_key(attempt.email), attempt.network)
        wait = await throttle.take(PER_ACCOUNT_AND_NETWORK, *key)
    if wait:
        raise TooManyAttemptsError(wait)


async def _give_back(throttle: Throttle, attempt: Attempt) -> None:
    """Leave only failures counted: a whole office behind one address may sign in."""
    await throttle.give_back(PER_NETWORK, attempt.network)
    key = (email_key(attempt.email), attempt.network)
    await throttle.give_back(PER_ACCOUNT_AND_NETWORK, *key)


async def _find_user(tx: Transaction, email: str) -> User | None:
    """Find who has this address; what cannot be an address is simply nobody's."""
    if not EMAIL_SHAPE.fullmatch(email.strip()):
        return None
    user: User | None = await tx.scalar(select(User).where(User.email_key == email_key(email)))
    return user


async def _refresh_hash(tx: Transaction, user: User, password: str) -> None:
    """Hash anew, now that the password is at hand, when the cost has been raised since."""
    if user.password_hash and needs_rehash(user.password_hash):
        refreshed = await hash_password(password)
        await tx.execute(
            update(User)
            .where(User.id == user.id, User.password_hash == user.password_hash)
            .values(password_hash=refreshed)
        )
