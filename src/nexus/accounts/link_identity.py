"""Which accounts elsewhere sign this person in? They add one, remove one, or prove by one.

All of it is done by somebody who is signed in already, in the session it was begun in.
"""

from sqlalchemy import delete, exists, func, or_, select

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import (
    FactorRefusedError,
    IdentityTakenError,
    IssuerCannotProveError,
    IssuerRefusedError,
    LastWayInError,
)
from nexus.accounts.factor_changes import after_removed
from nexus.accounts.models import Identity, Passkey, User
from nexus.accounts.openid import Vouched
from nexus.accounts.prove import NEEDS_FACTOR, Asker, accept_proof
from nexus.accounts.sessions import end_other_sessions, has_second_factor, rotate_session
from nexus.accounts.sign_in_openid import add_identity
from nexus.accounts.step_up import FACTORS
from nexus.core.db import Database, Transaction
from nexus.core.site import Site
from nexus.mail.outbox import post


async def link(tx: Transaction, site: Site, asker: Asker, vouched: Vouched) -> str:
    """Let an account elsewhere sign this person in; give the session's new token.

    Raises IdentityTakenError when it signs in somebody else. The person is told by mail, and is
    signed out everywhere else.
    """
    owner = await add_identity(tx, asker.user_id, vouched)
    if owner not in {None, asker.user_id}:
        raise IdentityTakenError(vouched.issuer.label)
    if owner is None:
        await post(
            tx, "factor_added", asker.email,
            what=f"{vouched.issuer.label} ({vouched.email or 'no address'})",
            network=asker.network, address=f"{site.base_url}{FACTORS}",
        )  # fmt: skip
        await end_other_sessions(tx, asker.user_id, keep=asker.session_id)
    token = await rotate_session(tx, asker.session_id)
    if owner is None:
        await write_audit(
            tx, "identity_linked",
            user_id=asker.user_id, actor_id=asker.user_id, network=asker.network,
            how=vouched.issuer.name,
        )  # fmt: skip
    return token


async def find_linked(tx: Transaction, user_id: int, identity_id: int) -> Identity | None:
    """Find one of this person's accounts elsewhere."""
    found: Identity | None = await tx.scalar(
        select(Identity).where(Identity.id == identity_id, Identity.user_id == user_id)
    )
    return found


async def unlink(tx: Transaction, site: Site, asker: Asker, identity: Identity, label: str) -> str:
    """Let an account elsewhere sign nobody in any more; give the session's new token.

    Raises LastWayInError when it is the person's only way in.
    """
    # Two removals at once would each see the other's account and leave nothing.
    await tx.execute(select(User.id).where(User.id == asker.user_id).with_for_update())
    if not await _has_another_way(tx, asker.user_id, identity.id):
        raise LastWayInError
    await tx.execute(delete(Identity).where(Identity.id == identity.id))
    return await after_removed(tx, site, asker, "identity_unlinked", label, last=False)


async def prove_by_issuer(
    database: Database, asker: Asker, vouched: Vouched, *, asked_at: int
) -> str:
    """Give the session's new token; raise a SignInRefusedError.

    The account elsewhere must be one of this person's, and the issuer must say that they proved
    themselves there since `asked_at` (seconds since 1970).
    """
    async with database.transaction() as tx:
        if await tx.scalar(
            select(has_second_factor()).select_from(User).where(User.id == asker.user_id)
        ):
            raise FactorRefusedError(NEEDS_FACTOR)
        is_theirs = await _is_theirs(tx, asker.user_id, vouched)
        # We ask by way of the browser, where whoever sits there can take our words out.
        if is_theirs and vouched.proved_since(asked_at):
            return await accept_proof(tx, asker, vouched.issuer.name)
        await write_audit(
            tx, "proof_refused",
            user_id=asker.user_id, network=asker.network, how=vouched.issuer.name,
        )  # fmt: skip
    if is_theirs:
        raise IssuerCannotProveError(vouched.issuer.label)
    raise IssuerRefusedError(vouched.issuer.label)


async def _is_theirs(tx: Transaction, user_id: int, vouched: Vouched) -> bool:
    theirs = select(Identity.id).where(
        Identity.user_id == user_id,
        Identity.issuer == vouched.issuer.address,
        Identity.subject == vouched.subject,
    )
    return await tx.scalar(theirs) is not None


async def _has_another_way(tx: Transaction, user_id: int, identity_id: int) -> bool:
    others = exists().where(Identity.user_id == user_id, Identity.id != identity_id)
    passkeys = exists().where(Passkey.user_id == user_id)
    ways = select(func.bool_or(or_(User.password_hash.is_not(None), others, passkeys)))
    return bool(await tx.scalar(ways.where(User.id == user_id)))
