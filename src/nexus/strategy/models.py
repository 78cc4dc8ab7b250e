"""The tables of what strategies decided, and of the leader's book they decide with."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import Amount, Id, Table


class DecisionRow(Table):
    """One decision that was not `hold`: at most one per (strategy, symbol, candle)."""

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("strategy", "symbol", "candle"),
        CheckConstraint("action IN ('enter', 'add', 'reduce', 'exit')", name="action"),
        CheckConstraint("price > 0 AND price < 1e15", name="finite_price"),
        CheckConstraint("target_fraction >= 0 AND target_fraction <= 1", name="target_fraction"),
        CheckConstraint("stop_price > 0 AND stop_price < 1e15", name="finite_stop"),
    )

    id: Mapped[Id]
    strategy: Mapped[str]
    symbol: Mapped[str]
    candle: Mapped[datetime]
    """Open time of the closed candle it was decided on."""
    action: Mapped[str]
    layer: Mapped[int]
    target_fraction: Mapped[Amount]
    price: Mapped[Amount]
    stop_price: Mapped[Amount | None]
    """Where the trade is to be left at once; None where the decision set none."""
    why: Mapped[str]
    """The strategy's own sentence."""
    inputs: Mapped[dict[str, Any]]
    trade_id: Mapped[int | None]
    """The `enter` decision of the leader's trade it belongs to; its own id for an `enter`."""
    decided_at: Mapped[datetime]


class LeaderBookRow(Table):
    """The model position of one (strategy, symbol)."""

    __tablename__ = "leader_books"
    __table_args__ = (CheckConstraint("stop_price > 0 AND stop_price < 1e15", name="finite_stop"),)

    strategy: Mapped[str] = mapped_column(primary_key=True)
    symbol: Mapped[str] = mapped_column(primary_key=True)
    layers: Mapped[list[Any]]
    fraction: Mapped[Amount]
    peak: Mapped[Amount | None]
    stop_price: Mapped[Amount | None]
    trade_id: Mapped[int | None]
    state: Mapped[dict[str, Any]]
    """What the strategy itself wants to remember."""
    decided_candle: Mapped[datetime | None]
    """The newest candle the strategy was asked about; it is asked once about each."""
    updated_at: Mapped[datetime]
