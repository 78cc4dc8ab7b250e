"""Who is this, by nothing but a passkey? It is two factors by itself: a device, and its owner."""

from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from sqlalchemy import select

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import FactorRefusedError, TooManyAttemptsError
from nexus.accounts.models import User
from nexus.accounts.passkeys import REFUSED, SIGN_IN, ask_for_passkey, check_passkey
from nexus.accounts.sessions import end_session, start_session
from nexus.core.db import Database, Transaction
from nexus.core.site import Site
from nexus.core.throttle import Rule, Throttle

log = structlog.get_logger()

# A passkey cannot be guessed; this bounds how many challenges a stranger makes us remember.
PER_NETWORK: Final = Rule("passkey-network", limit=60, seconds=15 * 60)


@dataclass(frozen=True)
class PasskeyAttempt:
    """Somebody's try to sign in with a passkey."""

    credential: str = field(repr=False)
    visitor: str = field(repr=False)
    """The browser, as in its CSRF token: the challenge must have been made for it."""
    network: str
    user_agent: str
    old_token: str = field(repr=False)
    """The session this browser had so far, which ends: a token never outlives a sign-in."""


async def ask_to_sign_in_by_passkey(
    database: Database, throttle: Throttle, site: Site, *, visitor: str, network: str
) -> dict[str, Any]:
    """Give what the browser needs to offer its passkeys; raise TooManyAttemptsError."""
    wait = await throttle.take(PER_NETWORK, network)
    if wait:
        raise TooManyAttemptsError(wait)
    async with database.transaction() as tx:
        return await ask_for_passkey(tx, site, SIGN_IN, bound_to=visitor, user_id=None)


async def sign_in_by_passkey(
    database: Database, throttle: Throttle, site: Site, attempt: PasskeyAttempt
) -> str:
    """Give a new session's token; raise FactorRefusedError."""
    refused: FactorRefusedError
    async with database.transaction() as tx:
        try:
            user_id = await _find_owner(tx, site, attempt)
        except FactorRefusedError as error:
            refused, user_id = error, None
        token = await _start(tx, attempt, user_id) if user_id else None
    if token is None:
        log.info("sign_in_refused", network=attempt.network, how="passkey")
        raise refused
    await throttle.give_back(PER_NETWORK, attempt.network)
    return token


async def _find_owner(tx: Transaction, site: Site, attempt: PasskeyAttempt) -> int:
    """Find whose passkey it is; raise FactorRefusedError for nobody's, and for the disabled."""
    passkey = await check_passkey(
        tx, site, SIGN_IN,
        bound_to=attempt.visitor, credential=attempt.credential, user_id=None,
    )  # fmt: skip
    owner: int | None = await tx.scalar(
        select(User.id).where(User.id == passkey.user_id, User.disabled_at.is_(None))
    )
    if owner is None:
        raise FactorRefusedError(REFUSED)
    return owner


async def _start(tx: Transaction, attempt: PasskeyAttempt, user_id: int) -> str:
    await end_session(tx, attempt.old_token)
    token = await start_session(
        tx, user_id, user_agent=attempt.user_agent, network=attempt.network, method="passkey"
    )
    await write_audit(
        tx, "signed_in",
        user_id=user_id, actor_id=user_id, network=attempt.network, how="passkey",
    )  # fmt: skip
    return token
