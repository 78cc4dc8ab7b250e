"""How does an address change? Both mailboxes agree, and the old one can take it back for a week.

Whoever has stolen a session cannot move the account away alone: they would have to read the mail
of the old address. Should they manage even that, the old address keeps a link that undoes it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import AccountRefusedError, TooManyAttemptsError
from nexus.accounts.known_browser import forget_browsers
from nexus.accounts.links import Link, find_link, make_link, use_link, void_links
from nexus.accounts.models import EmailLink, Identity, Passkey, RecoveryCode, TotpSecret, User
from nexus.accounts.register import check_email, email_key
from nexus.accounts.reset import GOOD_FOR as RESET_GOOD_FOR
from nexus.accounts.reset import PURPOSE as RESET
from nexus.accounts.reset import reset_link
from nexus.accounts.sessions import Person, end_all_sessions
from nexus.core.clock import now
from nexus.core.db import Database, Transaction
from nexus.core.site import Site
from nexus.core.throttle import Rule, Throttle
from nexus.mail.outbox import keep_with, post

log = structlog.get_logger()

FROM: Final = "change_from"
TO: Final = "change_to"
UNDO: Final = "undo"
CHANGE_GOOD_FOR: Final = timedelta(hours=24)
UNDO_GOOD_FOR: Final = timedelta(days=7)

PER_PERSON: Final = Rule("change-email", limit=5, seconds=60 * 60)
PER_ADDRESS: Final = Rule("change-email-address", limit=5, seconds=60 * 60)

Outcome = Literal["bad", "waits", "changed", "taken", "undone"]


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a link, and the address it was about."""

    outcome: Outcome
    email: str = ""


async def ask_to_change(
    database: Database, throttle: Throttle, site: Site, person: Person, email: str, *, network: str
) -> None:
    """Send a link to the new address and one to the old; an ask before this one ends.

    The same answer when the new address is somebody's: then its mail holds no link. Raises
    AccountRefusedError and TooManyAttemptsError.
    """
    email = check_email(email)
    if email == person.email:
        raise AccountRefusedError("email", "This is your address already. Write the new one.")
    wait = await throttle.take(PER_PERSON, str(person.id))
    wait = wait or await throttle.take(PER_ADDRESS, email_key(email))
    if wait:
        raise TooManyAttemptsError(wait)
    async with database.transaction() as tx:
        await void_links(tx, person.id, FROM, TO)
        to_new = await make_link(tx, person.id, TO, email, good_for=CHANGE_GOOD_FOR)
        to_old = await make_link(tx, person.id, FROM, email, good_for=CHANGE_GOOD_FOR)
        if await _is_somebody_elses(tx, person.id, email):
            links = {"sign_in": f"{site.base_url}/sign-in", "forgot": f"{site.base_url}/forgot"}
            await post(tx, "change_known", email, **links)
        else:
            await post(tx, "change_to", email, link=confirm_link(site, to_new))
        await post(
            tx,
            "change_from",
            person.email,
            new=email,
            link=confirm_link(site, to_old),
            password=f"{site.base_url}/settings/password",
        )
        await write_audit(
            tx, "email_change_asked", user_id=person.id, actor_id=person.id, network=network
        )


async def look(database: Database, token: str, *purposes: str) -> Link | None:
    """Find what a link would do, without doing it."""
    async with database.transaction() as tx:
        return await find_link(tx, token, *purposes)


async def confirm(database: Database, site: Site, token: str, network: str) -> Step:
    """Note that one of the two mailboxes agrees; when both do, change the address."""
    try:
        async with database.transaction() as tx:
            link = await find_link(tx, token, FROM, TO)
            # Both links may be opened at once: the person's row makes one of them the last.
            if link is None or not await _hold(tx, link) or not await use_link(tx, link):
                return Step("bad")
            if await _still_waits(tx, link):
                return Step("waits", link.email)
            await _change(tx, site, link, network)
            return Step("changed", link.email)
    except IntegrityError:
        return Step("taken", link.email if link else "")


async def undo(database: Database, site: Site, token: str, network: str) -> Step:
    """Give the old address back, bar the password, which may be known, and send a way to a new."""
    try:
        async with database.transaction() as tx:
            link = await find_link(tx, token, UNDO)
            if link is None or not await _hold(tx, link) or not await use_link(tx, link):
                return Step("bad")
            await _restore(tx, site, link, network)
            return Step("undone", link.email)
    except IntegrityError:
        return Step("taken", link.email if link else "")


def confirm_link(site: Site, token: str) -> str:
    """Write the link for a mail."""
    return f"{site.base_url}/email/confirm?token={token}"


async def _is_somebody_elses(tx: Transaction, user_id: int, email: str) -> bool:
    owner = select(User.id).where(User.email_key == email_key(email), User.id != user_id)
    return await tx.scalar(owner) is not None


async def _hold(tx: Transaction, link: Link) -> bool:
    """Lock the person's row until the transaction ends; False when they are gone."""
    held = select(User.id).where(User.id == link.user_id).with_for_update()
    return await tx.scalar(held) is not None


async def _still_waits(tx: Transaction, link: Link) -> bool:
    """Say whether the other mailbox has not agreed yet."""
    other = select(EmailLink.id).where(
        EmailLink.user_id == link.user_id,
        EmailLink.purpose == (TO if link.purpose == FROM else FROM),
        EmailLink.email == link.email,
        # Also when it ran out meanwhile: silence is no agreement.
        EmailLink.used_at.is_(None),
    )
    return await tx.scalar(other) is not None


async def _change(tx: Transaction, site: Site, link: Link, network: str) -> None:
    await _write_address(tx, link.user_id, link.email)
    token = await make_link(tx, link.user_id, UNDO, link.user_email, good_for=UNDO_GOOD_FOR)
    await void_links(tx, link.user_id, RESET)
    await end_all_sessions(tx, link.user_id)
    undo_link = f"{site.base_url}/email/undo?token={token}"
    await post(tx, "email_changed", link.user_email, new=link.email, link=undo_link)
    await keep_with(tx, link.user_id, link.user_email)
    await write_audit(
        tx, "email_changed", user_id=link.user_id, actor_id=link.user_id, network=network
    )
    log.info("email_changed", user_id=link.user_id, network=network)


async def _restore(tx: Transaction, site: Site, link: Link, network: str) -> None:
    await _write_address(tx, link.user_id, link.email)
    await tx.execute(update(User).where(User.id == link.user_id).values(password_hash=None))
    await _drop_factors(tx, link.user_id, since=link.created_at - CHANGE_GOOD_FOR)
    await void_links(tx, link.user_id, RESET, FROM, TO, UNDO)
    await forget_browsers(tx, link.user_id)
    await end_all_sessions(tx, link.user_id)
    token = await make_link(tx, link.user_id, RESET, link.email, good_for=RESET_GOOD_FOR)
    way = {"link": reset_link(site, token), "forgot": f"{site.base_url}/forgot"}
    await keep_with(tx, link.user_id, link.user_email)
    await post(tx, "email_undone", link.email, **way)
    await write_audit(tx, "email_change_undone", user_id=link.user_id, network=network)
    log.info("email_change_undone", user_id=link.user_id, network=network)


async def _drop_factors(tx: Transaction, user_id: int, *, since: datetime) -> None:
    """Remove every way in that was added since the change was asked for: it may be the thief's.

    Older ones stay, so that a mailbox somebody has given up opens nothing by itself.
    """
    for table in (Passkey, TotpSecret, RecoveryCode, Identity):
        await tx.execute(delete(table).where(table.user_id == user_id, table.created_at >= since))


async def _write_address(tx: Transaction, user_id: int, email: str) -> None:
    """Write the address; raises IntegrityError when it has become somebody else's."""
    await tx.execute(
        update(User)
        .where(User.id == user_id)
        .values(email=email, email_key=email_key(email), email_verified_at=now())
    )
