"""The table behind the line of somebody's equity."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Amount, Table


class EquityPoint(Table):
    """What an account came to at one moment, in one quote currency; written every quarter hour.

    There is no row for a moment at which a price was missing or stale: a gap is honest, a number
    that nobody saw is not.
    """

    __tablename__ = "equity_points"
    __table_args__ = (
        CheckConstraint("free >= 0 AND free < 1e15", name="finite_free"),
        CheckConstraint("held >= 0 AND held < 1e15", name="finite_held"),
        CheckConstraint("result > -1e15 AND result < 1e15", name="finite_result"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("exchange_accounts.id"), primary_key=True)
    quote: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    free: Mapped[Amount]
    """Quote currency that was free on the account."""
    held: Mapped[Amount]
    """What the coins that bots held were worth."""
    result: Mapped[Amount]
    """What the bots had won or lost so far, sold or not; no deposit moves it."""
