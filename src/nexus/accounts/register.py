"""How does somebody become a person here?"""

import re

from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.models import User
from nexus.accounts.passwords import hash_password
from nexus.core.clock import now
from nexus.core.db import Transaction

LONGEST_EMAIL = 254
# Only a mail that arrives proves an address; this catches slips of the finger.
_SIGN = r"[^@.\s\x00-\x1f\x7f<>\"']"
EMAIL_SHAPE = re.compile(rf"(?:{_SIGN}|\.)+@{_SIGN}+(?:\.{_SIGN}+)+")
LONGEST_NAME = 80


async def create_user(tx: Transaction, email: str, password: str, display_name: str) -> int:
    """Make a person and give their id; raise AccountRefusedError with a sentence."""
    email, display_name = email.strip(), display_name.strip()
    if len(email) > LONGEST_EMAIL or not EMAIL_SHAPE.fullmatch(email):
        raise AccountRefusedError("email", "Write a whole e-mail address, like ada@example.com.")
    if len(display_name) > LONGEST_NAME or not display_name.isprintable():
        raise AccountRefusedError(
            "display_name", f"Choose a name of at most {LONGEST_NAME} characters."
        )
    password_hash = await hash_password(password)
    user_id: int | None = await tx.scalar(
        insert(User)
        .values(
            email=email,
            email_key=email_key(email),
            display_name=display_name,
            password_hash=password_hash,
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=[User.email_key])
        .returning(User.id)
    )
    if user_id is None:
        raise AccountRefusedError("email", f"{email} has an account already. Use another address.")
    return user_id


def email_key(email: str) -> str:
    """Give the form in which two spellings of one address are the same."""
    return email.strip().lower()
