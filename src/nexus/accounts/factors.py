"""What can this person prove themselves with?"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from nexus.accounts.errors import SecondFactorNeededError
from nexus.accounts.models import Identity, Passkey, TotpSecret, User
from nexus.accounts.recovery import count_recovery_codes
from nexus.accounts.sessions import has_second_factor
from nexus.core.db import Transaction


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey as its owner knows it."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class IdentityView:
    """An account elsewhere that signs in here."""

    id: int
    issuer: str
    email: str
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class Factors:
    """All ways of one person, newest state."""

    has_password: bool
    totp_since: datetime | None
    passkeys: tuple[PasskeyView, ...]
    recovery_codes_left: int
    identities: tuple[IdentityView, ...]

    @property
    def has_second(self) -> bool:
        """Whether something besides the password is there; recovery codes only stand in for it."""
        return self.totp_since is not None or bool(self.passkeys)


async def factors_of(tx: Transaction, user_id: int) -> Factors:
    """Read what a person has."""
    password_hash = await tx.scalar(select(User.password_hash).where(User.id == user_id))
    since = select(TotpSecret.confirmed_at).where(TotpSecret.user_id == user_id)
    return Factors(
        has_password=password_hash is not None,
        totp_since=await tx.scalar(since),
        passkeys=await _passkeys(tx, user_id),
        recovery_codes_left=await count_recovery_codes(tx, user_id),
        identities=await _identities(tx, user_id),
    )


async def require_second_factor(tx: Transaction, user_id: int) -> None:
    """Raise SecondFactorNeededError for somebody whose password is all that protects them.

    Routes ask for it too; this is for acts that must be safe whoever calls them.
    """
    if not await tx.scalar(select(has_second_factor()).where(User.id == user_id)):
        raise SecondFactorNeededError


async def _passkeys(tx: Transaction, user_id: int) -> tuple[PasskeyView, ...]:
    columns = (Passkey.id, Passkey.name, Passkey.created_at, Passkey.last_used_at)
    rows = select(*columns).where(Passkey.user_id == user_id).order_by(Passkey.id)
    return tuple(PasskeyView(*row) for row in await tx.execute(rows))


async def _identities(tx: Transaction, user_id: int) -> tuple[IdentityView, ...]:
    columns = (Identity.id, Identity.issuer, Identity.email, Identity.last_used_at)
    rows = select(*columns).where(Identity.user_id == user_id).order_by(Identity.id)
    return tuple(IdentityView(*row) for row in await tx.execute(rows))
