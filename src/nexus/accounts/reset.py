"""How does somebody who forgot their password get a new one? By a mail to their address."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import update

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import TooManyAttemptsError
from nexus.accounts.known_browser import forget_browsers
from nexus.accounts.links import Link, find_link, make_link_by_email, use_link, void_links
from nexus.accounts.models import User
from nexus.accounts.passwords import hash_password
from nexus.accounts.register import check_email, email_key
from nexus.accounts.sessions import end_all_sessions
from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.core.site import Site
from nexus.core.throttle import Rule, Throttle
from nexus.mail.outbox import post

log = structlog.get_logger()

GOOD_FOR: Final = timedelta(minutes=30)
PURPOSE: Final = "reset"
VOIDED: Final = (PURPOSE, "change_from", "change_to")
"""What a new password ends. Not `undo`: it is the way back for who was robbed of the address."""

ASKING_PER_NETWORK: Final = Rule("forgot-network", limit=20, seconds=60 * 60)
ASKING_PER_ADDRESS: Final = Rule("forgot-address", limit=6, seconds=60 * 60)
RESETTING_PER_NETWORK: Final = Rule("reset-network", limit=30, seconds=60 * 60)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A link's token and the password to come, and where they were sent from."""

    token: str = field(repr=False)
    password: str = field(repr=False)
    network: str


async def ask_for_reset(
    database: Database, throttle: Throttle, site: Site, email: str, network: str
) -> None:
    """Send a mail, with a link to whoever has the address; the same work for every address.

    Raises AccountRefusedError for what is no address, and TooManyAttemptsError.
    """
    email = check_email(email)
    await _count(throttle, ASKING_PER_NETWORK, network)
    await _count(throttle, ASKING_PER_ADDRESS, email_key(email))
    async with database.transaction() as tx:
        token = await make_link_by_email(tx, email, PURPOSE, good_for=GOOD_FOR)
        if token:
            await post(tx, "reset", email, link=reset_link(site, token))
        else:
            await post(tx, "nobody_here", email, sign_up=f"{site.base_url}/sign-up")


async def reset_password(
    database: Database, throttle: Throttle, site: Site, wish: NewPassword
) -> bool:
    """Give the link's person a new password and end all their sessions; False for a bad link.

    Raises AccountRefusedError for a password that may not be used, which leaves the link good,
    and SignInRefusedError.
    """
    await _count(throttle, RESETTING_PER_NETWORK, wish.network)
    async with database.transaction() as tx:
        link = await find_link(tx, wish.token, PURPOSE)
    if link is None:
        return False
    # Outside of a transaction, because it takes long on purpose.
    password_hash = await hash_password(wish.password, link.user_email)
    async with database.transaction() as tx:
        if not await use_link(tx, link):
            return False
        await _write(tx, site, link, password_hash, wish.network)
    return True


async def is_good(database: Database, token: str) -> bool:
    """Say whether a link can still be used."""
    async with database.transaction() as tx:
        return await find_link(tx, token, PURPOSE) is not None


def reset_link(site: Site, token: str) -> str:
    """Write the link for a mail."""
    return f"{site.base_url}/reset?token={token}"


async def _write(tx: Transaction, site: Site, link: Link, password_hash: str, network: str) -> None:
    # Whoever used the link has read the address's mail, which proves the address too.
    await tx.execute(
        update(User)
        .where(User.id == link.user_id)
        .values(password_hash=password_hash, email_verified_at=now())
    )
    await void_links(tx, link.user_id, *VOIDED)
    await forget_browsers(tx, link.user_id)
    ended = await end_all_sessions(tx, link.user_id)
    await post(tx, "password_changed", link.user_email, forgot=f"{site.base_url}/forgot")
    await write_audit(
        tx, "password_reset", user_id=link.user_id, network=network, sessions_ended=ended
    )
    log.info("password_reset", user_id=link.user_id, network=network)


async def _count(throttle: Throttle, rule: Rule, key: str) -> None:
    wait = await throttle.take(rule, key)
    if wait:
        raise TooManyAttemptsError(wait)
