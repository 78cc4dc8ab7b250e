"""What does the live page read? Set-based queries, none of them per connected person."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select

from nexus.bots.models import Bot
from nexus.bots.reasons import NOTHING_TRADED, sentence
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.core.sentence import unpacked
from nexus.execution.models import OrderRow
from nexus.fanout.models import PlanRow, is_live
from nexus.feed.models import FeedItem
from nexus.feed.views import DecisionView, FeedView, MarketView
from nexus.feed.words import yours
from nexus.market.models import CandleRow, TickerRow
from nexus.regime.models import ReadingRow, VerdictRow
from nexus.settings import MarketSettings
from nexus.strategy.models import DecisionRow

SPARK_CANDLES = 60
NOTHING_READ = "No reading of the market yet. Entries wait until there is one."


async def market_views(tx: Transaction, settings: MarketSettings) -> list[MarketView]:
    """Read every symbol's price, regime and little line, in the order of SYMBOLS."""
    tickers = {row.symbol: row for row in await tx.scalars(select(TickerRow))}
    readings = {row.symbol: row for row in await tx.scalars(select(ReadingRow))}
    sparks = await _sparks(tx, settings)
    return [
        _market(symbol, tickers.get(symbol), readings.get(symbol), sparks[symbol], settings)
        for symbol in settings.symbols
    ]


async def _sparks(tx: Transaction, settings: MarketSettings) -> dict[str, list[Decimal]]:
    """Read the newest closes of every symbol, oldest first."""
    newest = (
        func.row_number()
        .over(partition_by=CandleRow.symbol, order_by=CandleRow.open_time.desc())
        .label("age")
    )
    ranked = (
        select(CandleRow.symbol, CandleRow.close, newest)
        .where(CandleRow.timeframe == settings.timeframe)
        .subquery()
    )
    rows = await tx.execute(
        select(ranked.c.symbol, ranked.c.close)
        .where(ranked.c.age <= SPARK_CANDLES)
        .order_by(ranked.c.age.desc())
    )
    sparks: dict[str, list[Decimal]] = defaultdict(list)
    for symbol, close in rows:
        sparks[symbol].append(close)
    return sparks


def _market(
    symbol: str,
    ticker: TickerRow | None,
    reading: ReadingRow | None,
    spark: list[Decimal],
    settings: MarketSettings,
) -> MarketView:
    base, _, quote = symbol.partition("/")
    age = None if ticker is None else max(0, int((now() - ticker.at).total_seconds()))
    stale = age is None or age > settings.market_stale_seconds
    change = None
    if ticker is not None and spark:
        change = (ticker.price / spark[0] - 1) * 100
    return MarketView(
        symbol=symbol,
        base=base,
        quote=quote,
        price=None if ticker is None else ticker.price,
        change_percent=change,
        regime="unknown" if reading is None else reading.regime,
        regime_reason=NOTHING_READ if reading is None else reading.reason,
        entries_allowed=reading is not None and reading.entries_allowed and not stale,
        age_seconds=age,
        stale=stale,
        spark=tuple(spark),
    )


async def feed_of(tx: Transaction, user_id: int, *, after: int = 0, limit: int) -> list[FeedView]:
    """Read a person's newest feed lines, newest first, at most those after the id `after`."""
    rows = await tx.scalars(
        select(FeedItem)
        .where(FeedItem.user_id == user_id, FeedItem.id > after)
        .order_by(FeedItem.id.desc())
        .limit(limit)
    )
    return [feed_view(row.id, row.at, row.facts) for row in rows]


def feed_view(item_id: int, at: datetime, facts: dict[str, Any]) -> FeedView:
    """Draw a feed line from its facts alone; lines of before say nothing apart from their text."""
    amount, said = facts["amount"], facts.get("said", {})
    return FeedView(
        id=item_id,
        at=at,
        kind=facts["kind"],
        symbol=facts["symbol"],
        title=unpacked(said.get("title"), facts["title"]),
        detail=unpacked(said.get("detail"), facts["detail"]),
        amount=None if amount is None else Decimal(amount),
        currency=facts["currency"],
    )


async def decision_views(
    tx: Transaction,
    user_ids: Iterable[int],
    *,
    limit: int = 10,
    symbol: str | None = None,
    decision_id: int | None = None,
) -> dict[int, list[DecisionView]]:
    """Read the newest decisions as each of some people sees them, newest first."""
    people = list(user_ids)
    query = select(DecisionRow, VerdictRow).join(
        VerdictRow, VerdictRow.decision_id == DecisionRow.id
    )
    if symbol is not None:
        query = query.where(DecisionRow.symbol == symbol)
    if decision_id is not None:
        query = query.where(DecisionRow.id == decision_id)
    newest = (await tx.execute(query.order_by(DecisionRow.id.desc()).limit(limit))).all()
    ids = [decision.id for decision, _ in newest]
    counts = await _counts(tx, ids)
    said = await _said_to(tx, ids, people)
    return {
        person: [
            _decision(decision, verdict, counts, said.get((person, decision.id)))
            for decision, verdict in newest
        ]
        for person in people
    }


async def _counts(tx: Transaction, decision_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Count for each decision the bots that followed and all that were asked.

    A plan that is done carries a reason only when its order came to nothing.
    """
    followed = func.count().filter(
        or_(
            is_live(),
            and_(PlanRow.status == "DONE", PlanRow.reason == ""),
        )
    )
    rows = await tx.execute(
        select(PlanRow.decision_id, followed, func.count())
        .where(PlanRow.decision_id.in_(decision_ids))
        .group_by(PlanRow.decision_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows if row[0] is not None}


async def _said_to(
    tx: Transaction, decision_ids: list[int], people: list[int]
) -> dict[tuple[int, int], tuple[str, str]]:
    """Say what each decision meant for each person: the state, and a sentence."""
    rows = await tx.execute(
        select(
            Bot.user_id,
            PlanRow.decision_id,
            PlanRow.symbol,
            func.max(PlanRow.side).label("side"),
            func.bool_or(is_live()).label("open"),
            func.max(PlanRow.reason).label("reason"),
            func.coalesce(func.sum(OrderRow.executed_quantity), 0).label("done"),
            func.coalesce(func.sum(OrderRow.executed_quote), 0).label("turnover"),
        )
        .join(Bot, Bot.id == PlanRow.bot_id)
        .outerjoin(
            OrderRow,
            and_(OrderRow.plan_id == PlanRow.id, OrderRow.executed_quantity > 0),
        )
        .where(PlanRow.decision_id.in_(decision_ids), Bot.user_id.in_(people))
        .group_by(Bot.user_id, PlanRow.decision_id, PlanRow.symbol)
    )
    return {(row.user_id, row.decision_id): _said(row) for row in rows}


def _said(row: Any) -> tuple[str, str]:
    if row.done:
        return "followed", yours(row.side, row.done, row.turnover, row.symbol)
    if row.open:
        return "followed", "The order is being placed."
    waits = row.reason.startswith("NOT_IN_TRADE")
    return "waiting" if waits else "denied", sentence(row.reason or NOTHING_TRADED)


def _decision(
    decision: DecisionRow,
    verdict: VerdictRow,
    counts: dict[int, tuple[int, int]],
    said: tuple[str, str] | None,
) -> DecisionView:
    followed, asked = counts.get(decision.id, (0, 0))
    state, you = said or ("none", None)
    return DecisionView(
        id=decision.id,
        at=decision.decided_at,
        symbol=decision.symbol,
        action=decision.action,
        layer=decision.layer,
        price=decision.price,
        regime=verdict.regime,
        blocked=verdict.blocked,
        reason=verdict.reason,
        why=decision.why,
        you=you,
        you_state=state,
        followed=followed,
        bots=asked,
    )
