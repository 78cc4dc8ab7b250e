"""The tables of who somebody is, and where they are signed in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Id, Table


class User(Table):
    """A person. `disabled_at` ends every session at once, without touching what they own."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("email_key = lower(email_key)", name="email_key_is_lower"),)

    id: Mapped[Id]
    email: Mapped[str]
    """As the person wrote it; mail goes there."""
    email_key: Mapped[str] = mapped_column(unique=True)
    """Lower-cased: two people cannot differ by a capital only."""
    display_name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    """Argon2id in PHC form, with its own salt and cost."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Session(Table):
    """One browser in which one person is signed in."""

    __tablename__ = "sessions"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    """The cookie's token is never stored: who reads this table still cannot sign in."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(default="")
    network: Mapped[str] = mapped_column(default="")
