"""Does this person's authenticator app show this code? Six digits, each good for once."""

import base64
import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import pyotp
import structlog
from cryptography.exceptions import InvalidTag
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.models import TotpSecret
from nexus.accounts.seal import seal, unseal
from nexus.core.clock import now
from nexus.core.db import Transaction

log = structlog.get_logger()

ISSUER: Final = "Nexus"
SECRET_BYTES: Final = 20
DRIFT_STEPS: Final = 1
"""A phone's clock may be half a minute off, and people type slowly."""
OFFERED_FOR: Final = timedelta(hours=1)
"""How long a secret that nobody has confirmed yet is shown again."""

WRITE_THE_CODE: Final = "Write the six digits that your app shows."
NOT_A_CODE: Final = "A code has six digits. Write the newest one that your app shows."

SPACES = re.compile(r"[\s-]")
CODE_SHAPE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret for the app to remember."""

    secret: str = field(repr=False)
    """In base32, as apps want it."""
    address: str = field(repr=False)
    """The `otpauth://` link that the QR code draws."""

    @property
    def groups(self) -> str:
        """The secret in groups of four letters, to be typed."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


async def offer_totp(
    tx: Transaction, session_secret: bytes, user_id: int, email: str
) -> Offer | None:
    """Give the secret to add, the same one for an hour; None when an app was added already."""
    moment = now()
    fresh = {
        "sealed": seal(session_secret, user_id, base64.b32encode(os.urandom(SECRET_BYTES))),
        "created_at": moment,
    }
    outdated = TotpSecret.created_at < moment - OFFERED_FOR
    await tx.execute(
        insert(TotpSecret)
        .values(user_id=user_id, **fresh)
        .on_conflict_do_update(
            index_elements=["user_id"],
            set_=fresh,
            where=TotpSecret.confirmed_at.is_(None) & outdated,
        )
    )
    row = await _find(tx, user_id)
    if row is None or row.confirmed_at is not None:
        return None
    secret = _open(session_secret, row)
    if secret is None:
        # Nobody uses it yet, so a fresh one takes its place.
        await tx.execute(delete(TotpSecret).where(TotpSecret.user_id == user_id))
        return await offer_totp(tx, session_secret, user_id, email)
    return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER))


def is_shaped(typed: str) -> bool:
    """Say whether this could be a code at all: six digits, however they are spaced."""
    return CODE_SHAPE.fullmatch(SPACES.sub("", typed)) is not None


async def confirm_totp(tx: Transaction, session_secret: bytes, user_id: int, code: str) -> bool:
    """Make the offered secret a factor if `code` is what the app shows; say whether it is."""
    row = await _find(tx, user_id)
    if row is None or row.confirmed_at is not None:
        return False
    step = _step_of(_open(session_secret, row), code)
    if step is None:
        return False
    confirmed = await tx.scalar(
        update(TotpSecret)
        .where(
            TotpSecret.user_id == user_id,
            TotpSecret.sealed == row.sealed,
            TotpSecret.confirmed_at.is_(None),
        )
        .values(confirmed_at=now(), last_timecode=step)
        .returning(TotpSecret.user_id)
    )
    return confirmed is not None


async def use_totp(tx: Transaction, session_secret: bytes, user_id: int, code: str) -> bool:
    """Say whether `code` is right, and use it up: of two requests with one code, one is right."""
    row = await _find(tx, user_id)
    if row is None or row.confirmed_at is None:
        return False
    step = _step_of(_open(session_secret, row), code)
    if step is None:
        return False
    used = await tx.scalar(
        update(TotpSecret)
        .where(
            TotpSecret.user_id == user_id,
            TotpSecret.sealed == row.sealed,
            or_(TotpSecret.last_timecode.is_(None), TotpSecret.last_timecode < step),
        )
        .values(last_timecode=step)
        .returning(TotpSecret.user_id)
    )
    return used is not None


async def remove_totp(tx: Transaction, user_id: int) -> bool:
    """Forget the app; say whether there was one."""
    removed = await tx.scalar(
        delete(TotpSecret)
        .where(TotpSecret.user_id == user_id, TotpSecret.confirmed_at.is_not(None))
        .returning(TotpSecret.user_id)
    )
    return removed is not None


async def _find(tx: Transaction, user_id: int) -> TotpSecret | None:
    """Read the row as it is now, whatever this transaction has seen of it before."""
    row: TotpSecret | None = await tx.scalar(
        select(TotpSecret)
        .where(TotpSecret.user_id == user_id)
        .execution_options(populate_existing=True)
    )
    return row


def _open(session_secret: bytes, row: TotpSecret) -> str | None:
    """Unseal a secret; None, and one line in the log, when it was sealed with another key."""
    try:
        return unseal(session_secret, row.user_id, row.sealed).decode()
    except InvalidTag:
        # No stack trace: it is not the code that is wrong. See docs/runbooks/session-secret.md.
        log.error(  # noqa: TRY400
            "totp_not_readable",
            user_id=row.user_id,
            sentence="SESSION_SECRET is not the one this authenticator app was added under.",
        )
        return None


def _step_of(secret: str | None, typed: str) -> int | None:
    """Find the 30-second step whose code this is, at most one away from now."""
    code = SPACES.sub("", typed)
    if secret is None or not CODE_SHAPE.fullmatch(code):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            code, for_time=now(), valid_window=DRIFT_STEPS
        )
    except OTPVerificationError:
        return None
