"""May this person in? The same answer, after the same work, for whoever may not.

Unknown, wrong, unverified, disabled, without a password: nobody can tell which.
"""

from dataclasses import dataclass, field
from typing import Final, NoReturn

import structlog
from sqlalchemy import select, update

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import AccountRefusedError, TooManyAttemptsError, WrongLoginError
from nexus.accounts.known_browser import find_known, remember_browser
from nexus.accounts.models import User
from nexus.accounts.passwords import hash_password, needs_rehash, verify_password
from nexus.accounts.refusals import Refusals
from nexus.accounts.register import EMAIL_SHAPE, email_key
from nexus.accounts.sessions import end_session, has_second_factor, start_session
from nexus.core.db import Database, Transaction
from nexus.core.throttle import Rule, Throttle

log = structlog.get_logger()

PER_NETWORK: Final = Rule("sign-in-network", limit=50, seconds=15 * 60)
PER_ACCOUNT_AND_NETWORK: Final = Rule("sign-in-account", limit=5, seconds=15 * 60)
# Of all networks together. It makes the owner wait in a new browser, never in a known one.
STRANGERS_PER_ACCOUNT: Final = Rule("sign-in-strangers", limit=30, seconds=60 * 60)
PER_KNOWN_BROWSER: Final = Rule("sign-in-known", limit=10, seconds=15 * 60)

Count = tuple[Rule, tuple[str, ...]]


@dataclass(frozen=True)
class Attempt:
    """Somebody's try to sign in."""

    email: str
    password: str = field(repr=False)
    network: str
    user_agent: str
    old_token: str = field(repr=False)
    """The session this browser had so far, which ends: a token never outlives a sign-in."""
    known: tuple[str, ...] = field(default=(), repr=False)
    """What this browser shows to be recognised by."""


@dataclass(frozen=True)
class SignedIn:
    """What the browser gets."""

    token: str = field(repr=False)
    """Of the new session, for its cookie."""
    known: str = field(repr=False)
    """The cookie's value by which this browser is recognised next time."""
    factor_pending: bool
    """Whether the second factor is still owed."""


async def sign_in(
    database: Database, throttle: Throttle, refusals: Refusals, attempt: Attempt
) -> SignedIn:
    """Start a session; raise a SignInRefusedError.

    No connection is held while the password is checked, because that takes long on purpose.
    """
    counts = await _counts(database, attempt)
    await _take(throttle, counts)
    async with database.transaction() as tx:
        user = await _find_user(tx, attempt.email)
    may = user is not None and user.disabled_at is None and user.email_verified_at is not None
    stored = user.password_hash if user and may else None
    if not await verify_password(stored, attempt.password) or user is None or stored is None:
        _refuse(refusals, user, attempt)
    fresh = await _refreshed(stored, attempt.password)
    async with database.transaction() as tx:
        signed_in = await _start(tx, user.id, stored, fresh, attempt)
    if signed_in is None:
        _refuse(refusals, user, attempt)
    for rule, key in counts:
        await throttle.give_back(rule, *key)
    log.info("signed_in", user_id=user.id, network=attempt.network)
    return signed_in


async def _counts(database: Database, attempt: Attempt) -> list[Count]:
    """Say what an attempt counts against: a known browser only against itself.

    The widest rule comes last: what a narrower one refuses must not use it up.
    """
    if attempt.known:
        async with database.transaction() as tx:
            browser = await find_known(tx, attempt.email, attempt.known)
        if browser is not None:
            return [(PER_KNOWN_BROWSER, (str(browser),))]
    account = email_key(attempt.email)
    return [
        (PER_NETWORK, (attempt.network,)),
        (PER_ACCOUNT_AND_NETWORK, (account, attempt.network)),
        (STRANGERS_PER_ACCOUNT, (account,)),
    ]


async def _take(throttle: Throttle, counts: list[Count]) -> None:
    """Count the attempt before the work, or many at once would all be the first.

    Raises TooManyAttemptsError. Who signs in gets it back, so that only failures stay counted
    and a whole office behind one address may sign in.
    """
    for rule, key in counts:
        wait = await throttle.take(rule, *key)
        if wait:
            raise TooManyAttemptsError(wait)


async def _find_user(tx: Transaction, email: str) -> User | None:
    """Find who has this address; what cannot be an address is simply nobody's."""
    key = email_key(email) if EMAIL_SHAPE.fullmatch(email.strip()) else ""
    user: User | None = await tx.scalar(select(User).where(User.email_key == key))
    return user


def _refuse(refusals: Refusals, user: User | None, attempt: Attempt) -> NoReturn:
    user_id = user.id if user else None
    refusals.note(user_id, attempt.network)
    log.info("sign_in_refused", network=attempt.network, user_id=user_id)
    raise WrongLoginError


async def _refreshed(stored: str, password: str) -> str:
    """Hash anew, now that the password is at hand, when the cost has been raised since.

    A password that could not be chosen any more stays as it is, and lets its owner in.
    """
    if not needs_rehash(stored):
        return stored
    try:
        return await hash_password(password)
    except AccountRefusedError:
        return stored


async def _start(
    tx: Transaction, user_id: int, stored: str, fresh: str, attempt: Attempt
) -> SignedIn | None:
    """Start the session; None when the password or the person was changed while we checked."""
    pending: bool | None = await tx.scalar(
        update(User)
        .where(User.id == user_id, User.password_hash == stored, User.disabled_at.is_(None))
        .values(password_hash=fresh)
        .returning(has_second_factor())
    )
    if pending is None:
        return None
    await end_session(tx, attempt.old_token)
    token = await start_session(
        tx,
        user_id,
        user_agent=attempt.user_agent,
        network=attempt.network,
        factor_pending=pending,
    )
    known = await remember_browser(tx, user_id, attempt.known, halfway=pending)
    act = "password_accepted" if pending else "signed_in"
    await write_audit(
        tx, act, user_id=user_id, actor_id=user_id, network=attempt.network, how="password"
    )
    return SignedIn(token, known, pending)
