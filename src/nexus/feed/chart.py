"""What is drawn in a chart? Candles and what the gate said; on a bot's, its own trades too."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from nexus.core.db import Transaction
from nexus.execution.models import OrderRow
from nexus.feed.bot_views import SpanView
from nexus.market.models import CandleRow
from nexus.regime.models import GateChange

MOST_MARKS = 200
MOST_CHANGES = 500
"""More than this is not read: a gate that moved oftener left the oldest candles unshaded."""


def candle_facts(candle: CandleRow) -> dict[str, Any]:
    """Give one candle for the chart: `time` in seconds, prices as text."""
    return {
        "time": int(candle.open_time.timestamp()),
        "open": _text(candle.open),
        "high": _text(candle.high),
        "low": _text(candle.low),
        "close": _text(candle.close),
    }


def shaded(
    candles: Sequence[CandleRow], spans: Iterable[SpanView], lasts: timedelta
) -> list[dict[str, Any]]:
    """Give the candles, each with whether the gate was shut at any time of it, and the regime.

    The regime is the one at its end; empty where none is known.
    """
    known = list(spans)
    return [
        {**candle_facts(candle), **_gate_facts([s for s in known if _touches(s, candle, lasts)])}
        for candle in candles
    ]


def _gate_facts(spans: Sequence[SpanView]) -> dict[str, Any]:
    return {
        "blocked": any(span.shut for span in spans),
        "regime": spans[-1].regime if spans else "",
    }


async def marks_of(
    tx: Transaction, bot_id: int, candles: Sequence[CandleRow]
) -> list[dict[str, Any]]:
    """Give the bot's own purchases and sales, each at the candle it fell into, oldest first."""
    orders = await tx.scalars(
        select(OrderRow)
        .where(OrderRow.bot_id == bot_id, OrderRow.executed_quantity > 0)
        .order_by(OrderRow.id.desc())
        .limit(MOST_MARKS)
    )
    opens = [candle.open_time for candle in candles]
    marks = []
    for order in reversed(orders.all()):
        index = bisect_right(opens, order.sent_at) - 1
        if index >= 0:
            price = _text(order.executed_quote / order.executed_quantity)
            time = int(opens[index].timestamp())
            marks.append({"time": time, "side": order.side, "price": price})
    return sorted(marks, key=lambda mark: int(mark["time"]))


async def spans_of(tx: Transaction, symbol: str, since: datetime) -> list[SpanView]:
    """Read what the gate said of a symbol since a moment, oldest first."""
    rows = await tx.scalars(
        select(GateChange)
        .where(GateChange.symbol == symbol)
        .order_by(GateChange.id.desc())
        .limit(MOST_CHANGES)
    )
    spans: list[SpanView] = []
    until: datetime | None = None
    for change in rows:
        if until is not None and until < since:
            break
        shut = not change.entries_allowed
        begun = max(change.at, since)
        spans.append(SpanView(begun, until, change.regime, shut, change.reason))
        until = change.at
    return spans[::-1]


def _touches(span: SpanView, candle: CandleRow, lasts: timedelta) -> bool:
    begins, ends = candle.open_time, candle.open_time + lasts
    return span.since < ends and (span.until is None or span.until > begins)


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
