"""The tables of notices: what somebody wants to be told, where, and what is on its way."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import UNLOGGED, Id, Table


class NoticeChoice(Table):
    """Whether somebody wants one kind of news by one way; without a row the default holds."""

    __tablename__ = "notice_choices"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    event: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    wanted: Mapped[bool]


class PushDevice(Table):
    """A browser that asked for notices. It goes with the session in which it asked."""

    __tablename__ = "push_devices"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[int] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    endpoint: Mapped[str] = mapped_column(unique=True)
    """Where the browser's push service takes messages for it."""
    public_key: Mapped[str]
    """The browser's own key, base64url: only it can read what we send."""
    auth: Mapped[str]
    """A secret that it shares with us, base64url."""
    name: Mapped[str]
    """What it is, for its owner: "Chrome on Android"."""
    created_at: Mapped[datetime]


class PushNote(Table):
    """A notice on its way to a device. Taken out before it is sent: lost at worst, not doubled.

    UNLOGGED, because after a crash nobody wants old news.
    """

    __tablename__ = "push_notes"
    __table_args__ = (UNLOGGED,)

    id: Mapped[Id]
    device_id: Mapped[int] = mapped_column(
        ForeignKey("push_devices.id", ondelete="CASCADE"), index=True
    )
    event: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
