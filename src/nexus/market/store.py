"""Where is what we saw kept? UNLOGGED tables: a shared cache that may be emptied at any moment."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select

from nexus.core.db import Database, Transaction, insert_rows, upsert
from nexus.market.check import Believed
from nexus.market.look import Look
from nexus.market.models import CandleRow, DataFault, MarketCall, TickerRow
from nexus.market.snapshot import Candle
from nexus.settings import MarketSettings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PRUNED_EVERY = 100
"""Old candles are deleted once in so many candles, not at each."""

Windows = Mapping[str, Sequence[Candle]]
"""The newest candles of each symbol, as one worker holds them."""


async def load_candles(
    database: Database, timeframe: str, after: Mapping[str, datetime]
) -> dict[str, list[Candle]]:
    """Read each symbol's stored candles that opened later than `after`, oldest first."""
    newer = or_(
        *(
            and_(CandleRow.symbol == symbol, CandleRow.open_time > moment)
            for symbol, moment in after.items()
        )
    )
    query = select(CandleRow).where(CandleRow.timeframe == timeframe, newer)
    found: dict[str, list[Candle]] = {symbol: [] for symbol in after}
    async with database.transaction() as tx:
        for r in await tx.scalars(query.order_by(CandleRow.open_time)):
            found[r.symbol].append(
                Candle(r.open_time, r.open, r.high, r.low, r.close, r.volume, r.gap_before)
            )
    return found


async def store_look(
    tx: Transaction,
    look: Look,
    believed: Mapping[str, Believed],
    windows: Windows,
    settings: MarketSettings,
) -> None:
    """Store one look's prices, candles, refusals and calls, and forget what is too old."""
    await _store_tickers(tx, believed)
    await _store_candles(tx, look, windows, settings)
    await _count_refusals(tx, look)
    await _count_calls(tx, look)


async def _store_tickers(tx: Transaction, believed: Mapping[str, Believed]) -> None:
    rows = [
        {"symbol": symbol, "price": b.price, "at": b.at, "source": b.source}
        for symbol, b in believed.items()
        if b.price is not None
    ]
    await upsert(tx, TickerRow, rows, keys=["symbol"])


async def _store_candles(
    tx: Transaction, look: Look, windows: Windows, settings: MarketSettings
) -> None:
    """Store the candles of this look, and whole windows again if the table has been emptied.

    The newest candle of before this look goes along: it is there already, unless it was emptied.
    """
    fresh = {symbol: len(look.new_candles.get(symbol, ())) for symbol in windows}
    known = {(s, w[-1 - fresh[s]].open_time) for s, w in windows.items() if len(w) > fresh[s]}
    latest = {symbol: w[-1 - fresh[symbol] :] for symbol, w in windows.items()}
    lost = known & await _insert_candles(tx, latest, settings.timeframe)
    await _insert_candles(tx, {symbol: windows[symbol] for symbol, _ in lost}, settings.timeframe)
    if any(fresh.values()):
        await _forget_old_candles(tx, max(w[-1].open_time for w in windows.values() if w), settings)


async def _insert_candles(
    tx: Transaction, candles_of: Windows, timeframe: str
) -> set[tuple[str, datetime]]:
    """Insert the candles that are not there; say which those were, by symbol and open time."""
    rows: list[dict[str, Any]] = [
        {
            "symbol": symbol, "timeframe": timeframe, "open_time": c.open_time,
            "open": c.open, "high": c.high, "low": c.low, "close": c.close,
            "volume": c.volume, "gap_before": c.gap_before,
        }
        for symbol, candles in candles_of.items()
        for c in candles
    ]  # fmt: skip
    if not rows:
        return set()
    statement, columns = insert_rows(CandleRow, rows)
    added = statement.on_conflict_do_nothing().returning(CandleRow.symbol, CandleRow.open_time)
    return {(symbol, open_time) for symbol, open_time in await tx.execute(added, columns)}


async def _forget_old_candles(tx: Transaction, newest: datetime, settings: MarketSettings) -> None:
    length = timedelta(seconds=settings.timeframe_seconds)
    if (newest - EPOCH) // length % PRUNED_EVERY == 0:
        kept = length * (settings.market_history_candles + 2 * PRUNED_EVERY)
        await tx.execute(delete(CandleRow).where(CandleRow.open_time < newest - kept))


async def _count_refusals(tx: Transaction, look: Look) -> None:
    counts = Counter((refusal.symbol, refusal.kind) for refusal in look.refused)
    details = {(refusal.symbol, refusal.kind): refusal.detail for refusal in look.refused}
    rows = [
        {
            "symbol": symbol,
            "kind": kind,
            "count": count,
            "last_at": look.at,
            "detail": details[symbol, kind],
        }
        for (symbol, kind), count in counts.items()
    ]
    await upsert(tx, DataFault, rows, keys=["symbol", "kind"], adding=["count"])


async def _count_calls(tx: Transaction, look: Look) -> None:
    minute = look.at.replace(second=0, microsecond=0)
    rows = [
        {"minute": minute, "source": source, "endpoint": endpoint, "calls": calls}
        for (source, endpoint), calls in look.calls.items()
    ]
    await upsert(tx, MarketCall, rows, keys=["minute", "source", "endpoint"], adding=["calls"])
