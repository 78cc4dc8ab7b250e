"""The table behind the live feed: UNLOGGED, because it is rebuilt from the ledger."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import UNLOGGED, Table


class FeedItem(Table):
    """One line of one person's feed; its facts are all a page needs to draw it."""

    __tablename__ = "feed_items"
    __table_args__ = (Index("ix_feed_items_user_id_id", "user_id", "id"), UNLOGGED)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Milliseconds since 1970 and a random rest: an UNLOGGED sequence would restart at 1."""
    user_id: Mapped[int]
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
