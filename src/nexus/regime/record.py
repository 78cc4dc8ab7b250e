"""Write down what was decided and what the gate said: blocked ones too, with the reason."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.core.clock import now
from nexus.core.db import Transaction, insert_rows, upsert
from nexus.market.snapshot import MarketSnapshot, SymbolView
from nexus.regime.classify import Reading, read_regime
from nexus.regime.events import Decided, MarketSeen
from nexus.regime.judge import Gate, Verdict, is_calm
from nexus.regime.models import GateChange, ReadingRow, Switch, VerdictRow
from nexus.settings import RegimeSettings
from nexus.strategy.book import moved, store_book
from nexus.strategy.border import Action
from nexus.strategy.decide import Proposal
from nexus.strategy.models import DecisionRow

STOPPED = select(Switch.name).where(Switch.stopped)
LAST_READINGS = select(
    ReadingRow.symbol, ReadingRow.at, ReadingRow.calm_since, ReadingRow.code, ReadingRow.regime
)


async def open_gate(
    tx: Transaction, snapshot: MarketSnapshot, rules: RegimeSettings, longest_pause: timedelta
) -> Gate:
    """Read the market and the switches, and keep the reading for pages and claims.

    When nobody has looked for longer than `longest_pause`, all has been well for no time at all.
    """
    readings = {
        symbol: read_regime(view, snapshot.at, rules) for symbol, view in snapshot.symbols.items()
    }
    stopped = frozenset(await tx.scalars(STOPPED))
    before = {row.symbol: row for row in await tx.execute(LAST_READINGS)}
    calm_since = {
        symbol: _calm_since(view, readings[symbol], snapshot.at, before.get(symbol), longest_pause)
        for symbol, view in snapshot.symbols.items()
    }
    gate = Gate(snapshot, readings, calm_since, stopped, rules)
    await _store_readings(tx, gate, before)
    tx.announce(MarketSeen())
    return gate


def _calm_since(
    view: SymbolView, reading: Reading, at: datetime, before: Any, longest_pause: timedelta
) -> datetime:
    lasted = before is not None and at - before.at <= longest_pause
    return before.calm_since if lasted and is_calm(view, reading) else at


async def _store_readings(tx: Transaction, gate: Gate, before: Mapping[str, Any]) -> None:
    """Keep each symbol's newest reading, and log what the gate says otherwise than before.

    Without a candle there is nothing to keep.
    """
    rows = [
        _reading_values(gate, symbol)
        for symbol, view in gate.snapshot.symbols.items()
        if view.candles.rows
    ]
    await upsert(tx, ReadingRow, rows, keys=["symbol"])
    changes = [row for row in rows if _says_otherwise(row, before.get(row["symbol"]))]
    if changes:
        logged = ("symbol", "at", "entries_allowed", "code", "regime", "reason")
        await tx.execute(
            *insert_rows(GateChange, [{name: row[name] for name in logged} for row in changes])
        )


def _says_otherwise(row: Mapping[str, Any], before: Any) -> bool:
    return before is None or (row["code"], row["regime"]) != (before.code, before.regime)


def _reading_values(gate: Gate, symbol: str) -> dict[str, Any]:
    reading, entry = gate.readings[symbol], gate.judge_entries(symbol)
    return {
        "symbol": symbol,
        "regime": reading.regime,
        "reason": entry.reason if entry.blocked else reading.reason,
        "entries_allowed": not entry.blocked,
        "code": entry.code,
        "drop_percent": reading.drop_percent,
        "candle": gate.snapshot.symbols[symbol].candles.last.open_time,
        "at": gate.snapshot.at,
        "calm_since": gate.calm_since[symbol],
    }


async def record(tx: Transaction, proposal: Proposal, verdict: Verdict) -> int | None:
    """Write a decision with its verdict and move the leader's book if it passed.

    None, and nothing written, when this candle has been decided already.
    """
    decision_id = await _insert_decision(tx, proposal)
    if decision_id is None:
        return None
    trade_id = proposal.book.trade_id
    if proposal.decision.action is Action.ENTER:
        trade_id = decision_id
        opens = update(DecisionRow).where(DecisionRow.id == decision_id)
        await tx.execute(opens.values(trade_id=trade_id))
    await tx.execute(
        insert(VerdictRow).values(
            decision_id=decision_id,
            blocked=verdict.blocked,
            code=verdict.code,
            reason=verdict.reason,
            regime=verdict.regime,
            judged_at=now(),
        )
    )
    book = moved(proposal, passed=not verdict.blocked, trade_id=trade_id)
    await store_book(tx, proposal.strategy, proposal.symbol, book)
    tx.announce(Decided(decision_id))
    return decision_id


async def _insert_decision(tx: Transaction, proposal: Proposal) -> int | None:
    decision = proposal.decision
    inserted: int | None = await tx.scalar(
        insert(DecisionRow)
        .values(
            strategy=proposal.strategy,
            symbol=proposal.symbol,
            candle=proposal.candle,
            trade_id=proposal.book.trade_id,
            action=decision.action,
            layer=decision.layer,
            target_fraction=decision.target_fraction,
            price=proposal.price,
            stop_price=decision.stop_price,
            why=decision.why,
            inputs=dict(decision.inputs),
            decided_at=now(),
        )
        .on_conflict_do_nothing()
        .returning(DecisionRow.id)
    )
    return inserted


async def set_switch(tx: Transaction, name: str, *, stopped: bool, reason: str, by: str) -> None:
    """Stop or release `everything` or `strategy:<name>`; effective at commit.

    The row `everything` (made by the first migration) is locked first: it waits for the claims
    that are under way, and later claims wait for it.
    """
    await tx.execute(select(Switch).where(Switch.name == "everything").with_for_update())
    values = {"stopped": stopped, "reason": reason, "changed_at": now(), "changed_by": by}
    await upsert(tx, Switch, [{"name": name, **values}], keys=["name"])
