"""The tables of what we saw: all UNLOGGED, rebuilt within minutes, empty means no trading."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from nexus.core.db import UNLOGGED, Amount, Table


class CandleRow(Table):
    """One closed candle; `gap_before` marks that the exchange has none right before it."""

    __tablename__ = "candles"
    __table_args__ = UNLOGGED

    symbol: Mapped[str] = mapped_column(primary_key=True)
    timeframe: Mapped[str] = mapped_column(primary_key=True)
    open_time: Mapped[datetime] = mapped_column(primary_key=True)
    open: Mapped[Amount]
    high: Mapped[Amount]
    low: Mapped[Amount]
    close: Mapped[Amount]
    volume: Mapped[Amount]
    gap_before: Mapped[bool]


class TickerRow(Table):
    """The last price we believed, per symbol."""

    __tablename__ = "tickers"
    __table_args__ = UNLOGGED

    symbol: Mapped[str] = mapped_column(primary_key=True)
    price: Mapped[Amount]
    at: Mapped[datetime]
    source: Mapped[str]


class DataFault(Table):
    """How often a kind of bad value was refused, and the last one."""

    __tablename__ = "data_faults"
    __table_args__ = UNLOGGED

    symbol: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]
    detail: Mapped[str]


class MarketCall(Table):
    """The meter of market-data calls, per minute, source and endpoint."""

    __tablename__ = "market_calls"
    __table_args__ = UNLOGGED

    minute: Mapped[datetime] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    endpoint: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[int]
