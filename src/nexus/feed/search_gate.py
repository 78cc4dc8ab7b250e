"""What did the gate say, when and why? Its log, and every decision it blocked, searched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Select, select

from nexus.core.db import Transaction
from nexus.core.ids import LARGEST_ID
from nexus.core.search import Typed, within_days
from nexus.regime.models import GateChange, VerdictRow
from nexus.regime.reason_words import REASONS
from nexus.strategy.models import DecisionRow

LINES = 30
SHOWS: Final[Mapping[str, str]] = {"log": "The gate's log", "blocked": "Blocked decisions"}
ACTIONS: Final[Mapping[str, str]] = {
    "enter": "Enter",
    "add": "Add",
    "reduce": "Reduce",
    "exit": "Leave",
}


@dataclass(frozen=True, slots=True)
class GateSearch:
    """What is looked for; an empty field looks for everything."""

    show: str = "log"
    symbol: str = ""
    reason: str = ""
    since: date | None = None
    until: date | None = None
    """The last day that counts, whole, in the reader's zone."""
    before: int = LARGEST_ID
    """Only lines older than the one with this id."""


@dataclass(frozen=True, slots=True)
class GateLine:
    """One line: the gate changed its word, or blocked a decision."""

    id: int
    at: datetime
    symbol: str
    open: bool
    title: str
    regime: str
    reason: str
    price: Decimal | None
    """Of a decision."""


def read_search(
    query: Mapping[str, str], symbols: Sequence[str]
) -> tuple[GateSearch, dict[str, str]]:
    """Read what was typed; gives the search and the mistakes by field, which are left out of it."""
    typed = Typed(query)
    since, until = typed.days()
    search = GateSearch(
        show=typed.choice("show", SHOWS, "Choose what to show.") or "log",
        symbol=typed.choice("symbol", symbols, "Choose one of the symbols."),
        reason=typed.choice("reason", REASONS, "Choose one of the reasons."),
        since=since,
        until=until,
        before=typed.before(),
    )
    return search, typed.errors


async def search_gate(tx: Transaction, search: GateSearch) -> tuple[list[GateLine], int | None]:
    """Find the newest lines; gives them, and where the next page begins, None at the end."""
    if search.show == "blocked":
        lines = [_decision(*row) for row in await tx.execute(_blocked(search))]
    else:
        lines = [_change(row) for row in await tx.scalars(_changes(search))]
    more = lines[LINES - 1].id if len(lines) > LINES else None
    return lines[:LINES], more


def _changes(search: GateSearch) -> Select[GateChange]:
    found = select(GateChange).where(
        GateChange.id < search.before, *within_days(GateChange.at, search.since, search.until)
    )
    if search.symbol:
        found = found.where(GateChange.symbol == search.symbol)
    if search.reason:
        found = found.where(GateChange.code == search.reason)
    return found.order_by(GateChange.id.desc()).limit(LINES + 1)


def _blocked(search: GateSearch) -> Select[DecisionRow, VerdictRow]:
    found = (
        select(DecisionRow, VerdictRow)
        .join(VerdictRow, VerdictRow.decision_id == DecisionRow.id)
        .where(
            VerdictRow.blocked,
            DecisionRow.id < search.before,
            *within_days(DecisionRow.decided_at, search.since, search.until),
        )
    )
    if search.symbol:
        found = found.where(DecisionRow.symbol == search.symbol)
    if search.reason:
        found = found.where(VerdictRow.code == search.reason)
    return found.order_by(DecisionRow.id.desc()).limit(LINES + 1)


def _change(row: GateChange) -> GateLine:
    title = "Entries allowed" if row.entries_allowed else REASONS.get(row.code, row.code)
    return GateLine(
        row.id, row.at, row.symbol, row.entries_allowed, title, row.regime, row.reason, None
    )


def _decision(row: DecisionRow, verdict: VerdictRow) -> GateLine:
    title = f"{ACTIONS[row.action]}: {REASONS.get(verdict.code, verdict.code).lower()}"
    return GateLine(
        id=row.id,
        at=row.decided_at,
        symbol=row.symbol,
        open=False,
        title=title,
        regime=verdict.regime,
        reason=verdict.reason,
        price=row.price,
    )
