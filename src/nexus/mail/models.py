"""The table of mails that are to be sent."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Id, Table


class OutgoingMail(Table):
    """A mail, from the moment it is owed until it has been handed over."""

    __tablename__ = "mail_outbox"
    __table_args__ = (Index(None, "id", postgresql_where="sent_at IS NULL"),)

    id: Mapped[Id]
    kind: Mapped[str]
    """Which mail it is: the name of its template."""
    to_address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    """Plain text. It may hold a link that lets somebody in, so it is emptied once sent."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    """Whose it is when they have left this address since; empty as long as it is theirs."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
