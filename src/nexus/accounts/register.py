"""How does somebody become a person here?"""

import re

from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.events import PersonVerified
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
    """Make a person for an operator, who knows the address; give their id.

    Raises AccountRefusedError with a sentence.
    """
    email, display_name = check_email(email), check_name(display_name)
    password_hash = await hash_password(password, email)
    user_id = await _insert(tx, email, display_name, password_hash)
    if user_id is None:
        raise AccountRefusedError("email", f"{email} has an account already. Use another address.")
    return user_id


async def join(
    tx: Transaction, email: str, *, password_hash: str | None, display_name: str = ""
) -> int | None:
    """Make a person whose address has been proven, and welcome them; None when they are there.

    `password_hash` is None for who signs in elsewhere only.
    """
    user_id = await _insert(tx, email, display_name, password_hash)
    if user_id is not None:
        tx.announce(PersonVerified(user_id))
    return user_id


def check_email(email: str) -> str:
    """Give an address without blanks around it; raise AccountRefusedError for what is none."""
    email = email.strip()
    if len(email) > LONGEST_EMAIL:
        raise AccountRefusedError(
            "email",
            f"This address is too long. Write one of at most {LONGEST_EMAIL} characters.",
        )
    if not EMAIL_SHAPE.fullmatch(email):
        raise AccountRefusedError("email", "Write a whole e-mail address, like ada@example.com.")
    return email


def check_name(display_name: str) -> str:
    """Give a name without blanks around it; raise AccountRefusedError when it cannot be shown."""
    display_name = display_name.strip()
    if len(display_name) > LONGEST_NAME or not display_name.isprintable():
        raise AccountRefusedError(
            "display_name", f"Choose a name of at most {LONGEST_NAME} characters."
        )
    return display_name


def email_key(email: str) -> str:
    """Give the form in which two spellings of one address are the same."""
    return email.strip().lower()


async def _insert(
    tx: Transaction, email: str, display_name: str, password_hash: str | None
) -> int | None:
    moment = now()
    user_id: int | None = await tx.scalar(
        insert(User)
        .values(
            email=email,
            email_key=email_key(email),
            email_verified_at=moment,
            display_name=display_name,
            password_hash=password_hash,
            created_at=moment,
        )
        .on_conflict_do_nothing(index_elements=[User.email_key])
        .returning(User.id)
    )
    return user_id
