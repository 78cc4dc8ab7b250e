"""How is Nexus right now? Facts that anybody may know, each with what it means for trading."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from nexus.core.clock import now
from nexus.core.db import Transaction, one_of
from nexus.execution.models import OrderRow
from nexus.market.models import TickerRow
from nexus.regime.models import ReadingRow, Switch
from nexus.regime.reason_words import REASONS
from nexus.regime.stops import ENTRIES, EVERYTHING
from nexus.settings import MarketSettings

LATE_TICKS: Final = 3
"""A tick may be missed; when three in a row are, something is wrong."""
OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Line:
    """One part of Nexus and how it is."""

    name: str
    state: str
    """`good`, `warn` or `bad`: the words say the same."""
    words: str
    detail: str


@dataclass(frozen=True, slots=True)
class SymbolLine:
    """How old one symbol's price is, and what the gate says."""

    symbol: str
    age_seconds: int | None
    stale: bool
    source: str
    entries_allowed: bool
    reason: str
    """Why entries are blocked, in two or three words; empty when they are allowed."""


def process_lines(facts: dict[str, Any], settings: MarketSettings) -> list[Line]:
    """Say how the pages, what they stand on and the worker are, from what `/readyz` knows."""
    return [
        Line("Pages", "good", "Working", "You are reading one."),
        _database(facts),
        _live(facts),
        _worker(facts["tick_age_seconds"], settings.tick_seconds),
    ]


def _database(facts: dict[str, Any]) -> Line:
    if facts["database"] != OK:
        return Line("Records", "bad", "Not reachable", "Nothing is traded until they are back.")
    if facts["migrations"] != OK:
        return Line("Records", "warn", "Being updated", "Pages may fail for a few minutes.")
    return Line("Records", "good", "Working", "Orders are written down before they are sent.")


def _live(facts: dict[str, Any]) -> Line:
    if facts["redis"] != OK:
        return Line("Live updates", "bad", "Not reachable", "Reload a page to see what is new.")
    return Line("Live updates", "good", "Working", "Pages change by themselves.")


def _worker(age: float | None, tick_seconds: int) -> Line:
    name = "Worker"
    if age is None:
        return Line(name, "bad", "No sign of it", "Nothing is traded until it looks at the market.")
    seen = f"It last finished a look at the market {max(0, int(age))} s ago"
    if age > LATE_TICKS * tick_seconds:
        return Line(name, "bad", "Late", f"{seen}. Nothing new is bought until it looks again.")
    return Line(name, "good", "Working", f"{seen}, and looks every {tick_seconds} s.")


async def trading_lines(tx: Transaction) -> list[Line]:
    """Say whether trading is switched off, and whether exchanges answer for our orders."""
    stopped = set(await tx.scalars(select(Switch.name).where(Switch.stopped)))
    unknown = await tx.scalar(
        select(func.count()).where(
            one_of(OrderRow.status, "SENDING", "UNKNOWN", "ACKED"), OrderRow.status == "UNKNOWN"
        )
    )
    return [_switches(stopped), _exchanges(unknown or 0)]


def _switches(stopped: set[str]) -> Line:
    name = "Trading"
    if EVERYTHING in stopped:
        return Line(name, "bad", "Switched off", "No order is sent for anybody.")
    if f"{ENTRIES}{EVERYTHING}" in stopped:
        return Line(name, "warn", "Entries off", "Nothing new is bought. Exits are followed.")
    if stopped:
        return Line(name, "warn", "Partly switched off", "Some strategies are stopped.")
    return Line(name, "good", "Switched on", "The gate still judges every entry.")


def _exchanges(unknown: int) -> Line:
    name = "Exchanges"
    if unknown:
        orders = "1 order is" if unknown == 1 else f"{unknown} orders are"
        return Line(name, "warn", "Not all answered", f"{orders} being asked about, never resent.")
    return Line(name, "good", "All answered", "No order of ours waits for a word on its fate.")


async def symbol_lines(tx: Transaction, settings: MarketSettings) -> list[SymbolLine]:
    """Say how old each price is and what the gate says, in the order of SYMBOLS."""
    tickers = {row.symbol: row for row in await tx.scalars(select(TickerRow))}
    readings = {row.symbol: row for row in await tx.scalars(select(ReadingRow))}
    return [
        _symbol(symbol, tickers.get(symbol), readings.get(symbol), settings)
        for symbol in settings.symbols
    ]


def _symbol(
    symbol: str, ticker: TickerRow | None, reading: ReadingRow | None, settings: MarketSettings
) -> SymbolLine:
    age = None if ticker is None else max(0, int((now() - ticker.at).total_seconds()))
    stale = age is None or age > settings.market_stale_seconds
    code = "DATA_MISSING" if age is None else "DATA_STALE" if stale else ""
    if not code:
        code = "REGIME_UNKNOWN" if reading is None else reading.code
    return SymbolLine(
        symbol=symbol,
        age_seconds=age,
        stale=stale,
        source="" if ticker is None else ticker.source,
        entries_allowed=not code,
        reason=REASONS.get(code, code),
    )
