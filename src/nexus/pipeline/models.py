"""The table of ticks: which slots were looked at, by whom, and what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Table


class TickSlot(Table):
    """One slot of `TICK_SECONDS`; its primary key is the claim."""

    __tablename__ = "tick_slots"

    slot: Mapped[datetime] = mapped_column(primary_key=True)
    worker: Mapped[str]
    claimed_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]
