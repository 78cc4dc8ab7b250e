"""Which change of address waits, and who has not agreed yet? And how is it called off?"""

from dataclasses import dataclass

from sqlalchemy import select

from nexus.accounts.audit import write_audit
from nexus.accounts.change_email import FROM, TO
from nexus.accounts.links import void_links
from nexus.accounts.models import EmailLink
from nexus.accounts.sessions import Person
from nexus.core.clock import now
from nexus.core.db import Transaction


@dataclass(frozen=True, slots=True)
class PendingEmail:
    """An address to come, and which of the two mailboxes has confirmed it."""

    email: str
    old_confirmed: bool
    new_confirmed: bool


async def pending_email(tx: Transaction, user_id: int) -> PendingEmail | None:
    """Find the change that waits for at least one mailbox; None when none does, or not any more."""
    to_old = await _newest(tx, user_id, FROM)
    to_new = await _newest(tx, user_id, TO)
    if to_old is None or to_new is None:
        return None
    unused = [link for link in (to_old, to_new) if link.used_at is None]
    # Both are used when the change was made, called off, or ended by a new password.
    if not unused or any(link.expires_at <= now() for link in unused):
        return None
    return PendingEmail(to_new.email, to_old.used_at is not None, to_new.used_at is not None)


async def call_off(tx: Transaction, person: Person, network: str) -> None:
    """Make both links worth nothing; the address stays."""
    if await pending_email(tx, person.id) is None:
        return
    await void_links(tx, person.id, FROM, TO)
    await write_audit(
        tx, "email_change_called_off", user_id=person.id, actor_id=person.id, network=network
    )


async def _newest(tx: Transaction, user_id: int, purpose: str) -> EmailLink | None:
    link: EmailLink | None = await tx.scalar(
        select(EmailLink)
        .where(EmailLink.user_id == user_id, EmailLink.purpose == purpose)
        .order_by(EmailLink.id.desc())
        .limit(1)
    )
    return link
