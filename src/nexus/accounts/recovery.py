"""How does somebody get in who has lost their phone? With one of ten codes, each good for once."""

import base64
import hashlib
import os
import re
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from nexus.accounts.models import RecoveryCode
from nexus.core.clock import now
from nexus.core.db import Transaction

COUNT: Final = 10
CODE_BYTES: Final = 15
"""120 random bits, which nobody guesses even from the table, and 24 letters to type."""
GROUP: Final = 4

CODE_SHAPE = re.compile(r"[A-Z2-7]{24}")
SPACES = re.compile(r"[\s-]")


async def make_recovery_codes(tx: Transaction, user_id: int) -> list[str]:
    """Give ten new codes to show once; the ones before are worth nothing from now on."""
    codes = [base64.b32encode(os.urandom(CODE_BYTES)).decode() for _ in range(COUNT)]
    await forget_recovery_codes(tx, user_id)
    await tx.execute(
        insert(RecoveryCode),
        [{"user_id": user_id, "code_sha256": _hash(code), "created_at": now()} for code in codes],
    )
    return [_grouped(code) for code in codes]


async def use_recovery_code(tx: Transaction, user_id: int, typed: str) -> bool:
    """Say whether this is an unused code of theirs, and use it up."""
    code = SPACES.sub("", typed).upper()
    if not CODE_SHAPE.fullmatch(code):
        return False
    used = await tx.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_sha256 == _hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.id)
    )
    return used is not None


async def count_recovery_codes(tx: Transaction, user_id: int) -> int:
    """Say how many codes are left."""
    left = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return await tx.scalar(left) or 0


async def forget_recovery_codes(tx: Transaction, user_id: int) -> None:
    """Remove all codes: without a factor there is nothing to recover."""
    await tx.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
