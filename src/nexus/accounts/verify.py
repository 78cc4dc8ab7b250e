"""Has the mail been read? A code in the same browser, or the link, makes a person of a wish.

The password that waits counts only in the browser it was typed in. Otherwise a stranger could
sign somebody up, have them open the link, and know their password: whoever opens the link
elsewhere chooses the password, and accepts the documents, there and then.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy import delete, update

from nexus.accounts.audit import write_audit
from nexus.accounts.consent import accept
from nexus.accounts.errors import AccountRefusedError, TooManyAttemptsError
from nexus.accounts.known_browser import remember_browser
from nexus.accounts.models import SignUp
from nexus.accounts.register import join
from nexus.accounts.sessions import end_session, start_session
from nexus.accounts.sign_up import DIGITS, TRIES, keyed
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.core.site import Site
from nexus.core.throttle import Rule, Throttle

log = structlog.get_logger()

PER_NETWORK: Final = Rule("sign-up-code-network", limit=60, seconds=60 * 60)

WRONG_CODE = "This code is not right. Look at the newest mail and write its code again."
TRIED_OFTEN = "This code was tried too often. Have a new mail sent, and use the code in it."


@dataclass(frozen=True, slots=True)
class Browser:
    """Where somebody will be signed in."""

    user_agent: str
    network: str
    old_token: str = field(repr=False)
    """The session this browser had so far, which ends: a token never outlives a sign-in."""
    known: tuple[str, ...] = field(repr=False)
    """What this browser shows to be recognised by."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What the browser of a new person gets."""

    token: str = field(repr=False)
    """Of the session, for its cookie."""
    known: str = field(repr=False)
    """The cookie's value by which this browser is recognised next time."""


async def count_try(throttle: Throttle, network: str) -> None:
    """Count somebody's try to prove an address; raise TooManyAttemptsError."""
    wait = await throttle.take(PER_NETWORK, network)
    if wait:
        raise TooManyAttemptsError(wait)


async def is_the_code(tx: Transaction, site: Site, waiting: SignUp, code: str) -> bool:
    """Say whether `code` is the one in the mail; a wrong one is counted, and five are too many.

    Raises AccountRefusedError when it was tried too often. The count is kept by the commit, so
    the caller must not raise for a wrong code.
    """
    counted = await tx.scalar(
        update(SignUp)
        .where(SignUp.id == waiting.id, SignUp.tries < TRIES)
        .values(tries=SignUp.tries + 1)
        .returning(SignUp.code_hmac)
    )
    if counted is None:
        raise AccountRefusedError("code", TRIED_OFTEN)
    return hmac.compare_digest(counted, keyed(site, _digits(code)))


async def finish(
    tx: Transaction,
    waiting: SignUp,
    *,
    password_hash: str,
    consents: Mapping[str, str],
    browser: Browser,
) -> Joined | None:
    """Make the person and sign them in.

    None when the address has become somebody's meanwhile, or the wish was granted before.
    """
    granted = await tx.scalar(
        delete(SignUp)
        .where(SignUp.id == waiting.id, SignUp.expires_at > now())
        .returning(SignUp.id)
    )
    if granted is None:
        return None
    user_id = await join(tx, waiting.email, password_hash=password_hash)
    if user_id is None:
        return None
    await end_session(tx, browser.old_token)
    token = await start_session(tx, user_id, user_agent=browser.user_agent, network=browser.network)
    known = await remember_browser(tx, user_id, browser.known)
    for act in ("signed_up", "email_verified", "signed_in"):
        await write_audit(tx, act, user_id=user_id, actor_id=user_id, network=browser.network)
    await accept(tx, user_id, consents, network=browser.network)
    log.info("signed_up", user_id=user_id, network=browser.network)
    return Joined(token, known)


def _digits(code: str) -> str:
    """Leave out what people write between the digits; what is longer than a code is none."""
    digits = "".join(code.split()).replace("-", "")
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdecimal() else ""
