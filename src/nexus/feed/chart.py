"""What is drawn in a chart? Candles; on a bot's, its own trades and when the gate was shut too."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from nexus.core.db import Transaction
from nexus.execution.models import OrderRow
from nexus.feed.bot_views import ZoneView
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
    candles: Sequence[CandleRow], zones: Iterable[ZoneView], lasts: timedelta
) -> list[dict[str, Any]]:
    """Give the candles, each with whether the gate was shut at any time of it."""
    known = list(zones)
    return [
        {**candle_facts(candle), "blocked": any(_touches(zone, candle, lasts) for zone in known)}
        for candle in candles
    ]


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


async def zones_of(tx: Transaction, symbol: str, since: datetime) -> list[ZoneView]:
    """Read when the gate was shut for a symbol since a moment, oldest first."""
    rows = await tx.scalars(
        select(GateChange)
        .where(GateChange.symbol == symbol)
        .order_by(GateChange.id.desc())
        .limit(MOST_CHANGES)
    )
    zones: list[ZoneView] = []
    until: datetime | None = None
    for change in rows:
        if until is not None and until < since:
            break
        if not change.entries_allowed:
            zones.append(ZoneView(max(change.at, since), until, change.reason))
        until = change.at
    return zones[::-1]


def _touches(zone: ZoneView, candle: CandleRow, lasts: timedelta) -> bool:
    begins, ends = candle.open_time, candle.open_time + lasts
    return zone.since < ends and (zone.until is None or zone.until > begins)


def _text(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
