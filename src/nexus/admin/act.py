"""What may our people do with somebody's account? Each act says why, and stays in the audit."""

from typing import Final

from sqlalchemy import select, update

from nexus.accounts.audit import write_audit
from nexus.accounts.models import User
from nexus.accounts.sessions import Person, end_all_sessions
from nexus.admin.errors import ActRefusedError
from nexus.bots.stop import Meaning, stop_everything
from nexus.core.clock import now
from nexus.core.db import Transaction

ACTS: Final = ("end_sessions", "send_reset", "disable", "enable")
"""What helping is. Nothing here shows or chooses a password, or takes a factor away."""

ROLE_WORDS: Final = {
    "trader": "Trades, and sees nobody but themselves.",
    "reader": "Sees people, the audit and the switches, and changes nothing.",
    "support": "Sees what readers see, and helps customers: sign out, new password, disable.",
    "admin": "Does everything: gives roles, stops and releases trading.",
}


def may_act_on(actor: Person, target_id: int, target_role: str) -> bool:
    """Say whether `actor` may act on somebody: never on themselves, support on customers only."""
    if actor.id == target_id:
        return False
    return actor.role == "admin" or target_role == "trader"


async def refuse_wrong_target(tx: Transaction, actor: Person, target_id: int) -> str:
    """Lock the person and give their address; raise ActRefusedError for who is not to be acted on.

    The lock keeps a role from changing between this question and the act.
    """
    found = await tx.execute(
        select(User.email, User.role).where(User.id == target_id).with_for_update()
    )
    row = found.one_or_none()
    if row is None or not may_act_on(actor, target_id, row.role):
        raise ActRefusedError("", "You cannot do this to this person. Ask another admin to do it.")
    email: str = row.email
    return email


async def end_sessions(
    tx: Transaction, actor: Person, target_id: int, *, reason: str, network: str
) -> None:
    """Sign somebody out everywhere."""
    ended = await end_all_sessions(tx, target_id)
    await write_audit(
        tx, "sessions_ended",
        user_id=target_id, actor_id=actor.id, network=network, reason=reason, sessions=ended,
    )  # fmt: skip


async def disable(
    tx: Transaction, actor: Person, target_id: int, *, reason: str, network: str
) -> None:
    """Let somebody in no more, and pause their bots: nobody could stop what still buys.

    What they own stays, and exits are still followed.
    """
    await tx.execute(
        update(User)
        .where(User.id == target_id, User.disabled_at.is_(None))
        .values(disabled_at=now())
    )
    await end_all_sessions(tx, target_id)
    await stop_everything(
        tx, target_id, Meaning.PAUSE, idempotency_key="", network=network, actor_id=actor.id
    )
    await write_audit(
        tx, "person_disabled",
        user_id=target_id, actor_id=actor.id, network=network, reason=reason,
    )  # fmt: skip


async def enable(
    tx: Transaction, actor: Person, target_id: int, *, reason: str, network: str
) -> None:
    """Let somebody in again."""
    await tx.execute(update(User).where(User.id == target_id).values(disabled_at=None))
    await write_audit(
        tx, "person_enabled",
        user_id=target_id, actor_id=actor.id, network=network, reason=reason,
    )  # fmt: skip


async def set_role(
    tx: Transaction,
    target_id: int,
    role: str,
    *,
    reason: str,
    actor_id: int | None = None,
    network: str = "",
) -> bool:
    """Give somebody a role, and sign them out everywhere; False when they have it already.

    Raises ActRefusedError for a role there is not, and for the last admin: nobody could make
    another one from the pages.
    """
    if role not in ROLE_WORDS:
        raise ActRefusedError("role", "Choose one of the roles.")
    # All admins are locked, so that the last two cannot take each other's role at once.
    admins = select(User.id).where(User.role == "admin").order_by(User.id).with_for_update()
    others = set(await tx.scalars(admins)) - {target_id}
    before = await tx.scalar(select(User.role).where(User.id == target_id).with_for_update())
    if before == role:
        return False
    if before == "admin" and not others:
        raise ActRefusedError("role", "This is the last admin. Make another one first.")
    await tx.execute(update(User).where(User.id == target_id).values(role=role))
    await end_all_sessions(tx, target_id)
    await write_audit(
        tx, "role_granted",
        user_id=target_id, actor_id=actor_id, network=network,
        role=role, before=before, reason=reason,
    )  # fmt: skip
    return True
