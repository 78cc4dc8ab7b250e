"""Whom do we sign in when an issuer vouches for somebody?

Whoever has this identity: issuer and subject. An address alone never opens an account that
somebody has proven to own, because addresses change hands; and whoever wrote an address into
our form without ever proving it loses the account to the one who can prove it.
"""

from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import (
    AccountRefusedError,
    AddressKnownError,
    AddressNotVerifiedError,
    IssuerRefusedError,
    SignInRefusedError,
)
from nexus.accounts.events import PersonVerified
from nexus.accounts.known_browser import remember_browser
from nexus.accounts.models import (
    Consent,
    EmailLink,
    Identity,
    KnownBrowser,
    OnboardingStep,
    Passkey,
    RecoveryCode,
    TotpSecret,
    User,
)
from nexus.accounts.openid import Vouched
from nexus.accounts.register import LONGEST_NAME, check_email, email_key, join
from nexus.accounts.sessions import (
    end_all_sessions,
    end_session,
    has_second_factor,
    start_session,
)
from nexus.accounts.sign_in import SignedIn
from nexus.accounts.step_up import FRESH
from nexus.core.clock import now
from nexus.core.db import Database, Transaction

log = structlog.get_logger()

LEFT_BEHIND: Final = (
    TotpSecret, Passkey, RecoveryCode, EmailLink, Identity, KnownBrowser, Consent, OnboardingStep,
)  # fmt: skip
"""Every way in that whoever never proved the address may have left open for themselves, and what
they accepted and put aside, which the owner did not."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where somebody will be signed in."""

    user_agent: str
    network: str
    old_token: str = field(repr=False)
    """The session this browser had so far, which ends: a token never outlives a sign-in."""
    known: tuple[str, ...] = field(default=(), repr=False)
    """What this browser shows to be recognised by."""


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose account it is, and what has just been done to it."""

    user_id: int
    acts: tuple[str, ...] = ()


async def sign_in_by_issuer(database: Database, vouched: Vouched, visit: Visit) -> SignedIn:
    """Give a new session of whoever this is, new here or not; raise a SignInRefusedError."""
    async with database.transaction() as tx:
        found = await _find_or_make(tx, vouched, visit)
        if isinstance(found, _Owner):
            return await _start(tx, found, vouched, visit)
    # Only now: what was written about the refusal is kept.
    log.info("sign_in_refused", network=visit.network, how=vouched.issuer.name)
    raise found


async def _find_or_make(
    tx: Transaction, vouched: Vouched, visit: Visit
) -> _Owner | SignInRefusedError:
    """Say whose account this is; a new person's, if the address is proven and nobody's yet."""
    # Two browsers of one person may come at once: the second one finds what the first one made.
    await tx.execute(select(func.pg_advisory_xact_lock(func.hashtext(_name(vouched)))))
    known = await _by_identity(tx, vouched)
    if known is not None:
        return await _let_in(tx, known, vouched, visit)
    label = vouched.issuer.label
    if not vouched.email_verified:
        return AddressNotVerifiedError(label)
    try:
        email = check_email(vouched.email)
    except AccountRefusedError:
        return AddressNotVerifiedError(label)
    name = vouched.display_name[:LONGEST_NAME]
    user_id = await join(tx, email, password_hash=None, display_name=name)
    acts: tuple[str, ...] = ("signed_up", "email_verified", "identity_linked")
    if user_id is None:
        user_id = await _take_over_unproven(tx, email, name)
        acts = ("account_claimed", "email_verified", "identity_linked")
    if user_id is None:
        return AddressKnownError(label, email)
    await add_identity(tx, user_id, vouched)
    return _Owner(user_id, acts)


async def add_identity(tx: Transaction, user_id: int, vouched: Vouched) -> int | None:
    """Write down that this identity is this person; give whose it is instead, if somebody's."""
    moment = now()
    values = {
        "user_id": user_id,
        "issuer": vouched.issuer.address,
        "subject": vouched.subject,
        "email": vouched.email,
        "created_at": moment,
        "last_used_at": moment,
    }
    added = insert(Identity).values(values).on_conflict_do_nothing().returning(Identity.id)
    if await tx.scalar(added) is not None:
        return None
    owner = await _by_identity(tx, vouched)
    return owner.user_id if owner else None


async def _by_identity(tx: Transaction, vouched: Vouched) -> Identity | None:
    found: Identity | None = await tx.scalar(
        select(Identity).where(
            Identity.issuer == vouched.issuer.address, Identity.subject == vouched.subject
        )
    )
    return found


async def _let_in(
    tx: Transaction, identity: Identity, vouched: Vouched, visit: Visit
) -> _Owner | IssuerRefusedError:
    """Let the identity's owner in, unless disabled, which is answered like anything else wrong."""
    enabled = await tx.scalar(
        select(User.id).where(User.id == identity.user_id, User.disabled_at.is_(None))
    )
    if enabled is None:
        await write_audit(
            tx, "sign_in_refused",
            user_id=identity.user_id, network=visit.network, how=vouched.issuer.name,
        )  # fmt: skip
        return IssuerRefusedError(vouched.issuer.label)
    await tx.execute(
        update(Identity)
        .where(Identity.id == identity.id)
        .values(email=vouched.email, last_used_at=now())
    )
    return _Owner(identity.user_id)


async def _take_over_unproven(tx: Transaction, email: str, name: str) -> int | None:
    """Hand an account that was never proven to whoever proves it; None when it was proven.

    Somebody may have made it in wait for the owner: nothing they know opens it afterwards.
    """
    user_id: int | None = await tx.scalar(
        select(User.id)
        .where(
            User.email_key == email_key(email),
            User.email_verified_at.is_(None),
            User.disabled_at.is_(None),
        )
        .with_for_update()
    )
    if user_id is None:
        return None
    await end_all_sessions(tx, user_id)
    for table in LEFT_BEHIND:
        await tx.execute(delete(table).where(table.user_id == user_id))
    await tx.execute(
        update(User)
        .where(User.id == user_id)
        .values(
            password_hash=None,
            email=email,
            email_verified_at=now(),
            display_name=name,
            delete_after=None,
        )
    )
    tx.announce(PersonVerified(user_id))
    return user_id


async def _start(tx: Transaction, owner: _Owner, vouched: Vouched, visit: Visit) -> SignedIn:
    user_id, how = owner.user_id, vouched.issuer.name
    owes = select(has_second_factor()).select_from(User).where(User.id == user_id)
    pending = bool(await tx.scalar(owes))
    await end_session(tx, visit.old_token)
    token = await start_session(
        tx, user_id,
        user_agent=visit.user_agent, network=visit.network, method=how, factor_pending=pending,
        # Where an account begins there is nothing yet to protect from whoever sits there.
        proven=bool(owner.acts) or vouched.proved_since((now() - FRESH).timestamp()),
    )  # fmt: skip
    known = await remember_browser(tx, user_id, visit.known, halfway=pending)
    for act in (*owner.acts, "identity_accepted" if pending else "signed_in"):
        await write_audit(
            tx, act, user_id=user_id, actor_id=user_id, network=visit.network, how=how
        )
    return SignedIn(token, known, pending)


def _name(vouched: Vouched) -> str:
    return f"{vouched.issuer.address}\0{vouched.subject}".replace("\0", " ")
