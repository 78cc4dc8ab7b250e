"""The tables of what a tier allows and who has which."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Amount, Table


class Tier(Table):
    """What a tier allows."""

    __tablename__ = "tiers"
    __table_args__ = (
        CheckConstraint("max_allocation > 0 AND max_allocation < 1e15", name="finite"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    max_bots: Mapped[int]
    max_allocation: Mapped[Amount]
    """The most quote currency that all bots of a person together may be given."""


class Entitlement(Table):
    """Which tier a person has, and until when; no row means no entries."""

    __tablename__ = "entitlements"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    tier: Mapped[str] = mapped_column(ForeignKey("tiers.name"))
    valid_until: Mapped[datetime | None]
