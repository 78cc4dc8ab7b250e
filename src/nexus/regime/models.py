"""The tables of what we think of the market, what the gate said, and the stop switches."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import UNLOGGED, Amount, Table


class ReadingRow(Table):
    """The newest reading of one symbol's regime; an empty table closes the gate."""

    __tablename__ = "regime_readings"
    __table_args__ = UNLOGGED

    symbol: Mapped[str] = mapped_column(primary_key=True)
    regime: Mapped[str]
    reason: Mapped[str]
    entries_allowed: Mapped[bool]
    code: Mapped[str]
    """Why entries are not allowed: a reason code, empty when they are."""
    drop_percent: Mapped[Amount]
    candle: Mapped[datetime]
    at: Mapped[datetime]
    calm_since: Mapped[datetime]
    """Since when nothing has been wrong with the data, and no crash under way."""


class GateChange(Table):
    """One line of the gate's log: from this moment it said something else of a symbol."""

    __tablename__ = "gate_changes"
    __table_args__ = (Index("ix_gate_changes_symbol_id", "symbol", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[str]
    at: Mapped[datetime]
    entries_allowed: Mapped[bool]
    code: Mapped[str]
    """Why entries are not allowed: a reason code, empty when they are."""
    regime: Mapped[str]
    reason: Mapped[str]


class VerdictRow(Table):
    """What the gate said of one decision."""

    __tablename__ = "verdicts"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), primary_key=True)
    blocked: Mapped[bool]
    code: Mapped[str]
    reason: Mapped[str]
    regime: Mapped[str]
    judged_at: Mapped[datetime]


class Switch(Table):
    """A stop of `everything` or `strategy:<name>`; `entries:` before it stops only what buys.

    What each means is in `regime/stops.py`. Every stop locks the row `everything` first.
    """

    __tablename__ = "switches"

    name: Mapped[str] = mapped_column(primary_key=True)
    stopped: Mapped[bool]
    reason: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
