"""What happened to one bot? Its book beside the leader's, what reached it, and its orders."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, select

from nexus.bots.models import Bot, Holding
from nexus.bots.reasons import NOTHING_TRADED, sentence
from nexus.core.db import Transaction, among
from nexus.execution.models import FillRow, OrderRow
from nexus.fanout.models import PlanRow
from nexus.feed.bot_views import ZERO, BookView, BotFacts, LayerView, OrderView, ReachView
from nexus.feed.words import traded
from nexus.regime.models import VerdictRow
from nexus.strategy.models import DecisionRow, LeaderBookRow

LINES = 10
BUYS = ("enter", "add")
LIVE = ("PLANNED", "ORDERED")
BEFORE_IT = "This bot was not there yet."
NOT_ASKED = (
    "This bot was not asked: it was stopped or closing at the time, or an order of its own was"
    " still open."
)


async def facts_of(tx: Transaction, user_id: int, bot_id: int) -> BotFacts | None:
    """Read what one bot of one person is; None when it is somebody else's, or none."""
    rows = await tx.execute(
        select(
            Bot.id, Bot.strategy, Bot.symbol, Bot.allocation, Bot.created_at, Bot.deleted_at,
            func.coalesce(Holding.cost, ZERO).label("cost"), Holding.trade_id,
        )
        .outerjoin(Holding, Holding.bot_id == Bot.id)
        .where(Bot.user_id == user_id, Bot.id == bot_id)
    )  # fmt: skip
    row = rows.mappings().one_or_none()
    return None if row is None else BotFacts(**row)


# --------------------------------------------------------------------------------- the books
async def book_of(tx: Transaction, bot: BotFacts) -> BookView:
    """Put the leader's book beside what the bot holds; without a leader's trade, its own."""
    leader = await tx.get(LeaderBookRow, (bot.strategy, bot.symbol))
    leads = leader is not None and leader.trade_id is not None
    trade_id = leader.trade_id if leader is not None and leads else bot.trade_id
    prices = [Decimal(price) for price, _ in leader.layers] if leader else []
    return BookView(
        leads=leads,
        together=leads and bot.trade_id == trade_id,
        fraction=leader.fraction if leader and leads else ZERO,
        own_fraction=bot.cost / bot.allocation if bot.trade_id is not None else ZERO,
        peak=leader.peak if leader else None,
        stop_price=leader.stop_price if leader else None,
        average_price=sum(prices, ZERO) / len(prices) if prices else None,
        layers=await _layers(tx, bot, trade_id),
    )


async def _layers(tx: Transaction, bot: BotFacts, trade_id: int | None) -> tuple[LayerView, ...]:
    """Read what the leader bought in a trade, and what the bot bought for each of it."""
    if trade_id is None:
        return ()
    rows = await tx.execute(
        _reach_query(bot)
        .where(
            DecisionRow.trade_id == trade_id,
            DecisionRow.action.in_(BUYS),
            ~VerdictRow.blocked,
        )
        .order_by(DecisionRow.id)
    )
    return tuple(_layer(row, bot) for row in rows.mappings())


def _layer(row: RowMapping, bot: BotFacts) -> LayerView:
    decision: DecisionRow = row["DecisionRow"]
    done = row["done"]
    return LayerView(
        number=decision.layer,
        at=decision.decided_at,
        price=decision.price,
        quantity=done,
        own_price=row["turnover"] / done if done else None,
        said=_reach(row, bot)[1],
    )


# --------------------------------------------------------------------------------- the decisions
async def reach_of(
    tx: Transaction, bot: BotFacts, before: int
) -> tuple[list[ReachView], int | None]:
    """Read the leader's newest decisions with what each meant for the bot.

    Gives them, and where the next page begins, None at the end.
    """
    rows = await tx.execute(
        _reach_query(bot)
        .where(DecisionRow.id < before)
        .order_by(DecisionRow.id.desc())
        .limit(LINES + 1)
    )
    found = [_reach_view(row, bot) for row in rows.mappings()]
    return found[:LINES], found[LINES - 1].id if len(found) > LINES else None


def _reach_query(bot: BotFacts) -> Select[*tuple[Any, ...]]:
    mine = and_(PlanRow.decision_id == DecisionRow.id, PlanRow.bot_id == bot.id)
    return (
        select(
            DecisionRow, VerdictRow, PlanRow.status, PlanRow.reason, PlanRow.side,
            _sum_of_orders(OrderRow.executed_quantity).label("done"),
            _sum_of_orders(OrderRow.executed_quote).label("turnover"),
        )
        .join(VerdictRow, VerdictRow.decision_id == DecisionRow.id)
        .outerjoin(PlanRow, mine)
        .where(DecisionRow.strategy == bot.strategy, DecisionRow.symbol == bot.symbol)
    )  # fmt: skip


def _sum_of_orders(column: Any) -> ColumnElement[Decimal]:
    """Sum what the orders of a plan came to."""
    total = select(func.coalesce(func.sum(column), ZERO)).where(OrderRow.plan_id == PlanRow.id)
    return total.correlate(PlanRow).scalar_subquery()


def _reach_view(row: RowMapping, bot: BotFacts) -> ReachView:
    decision: DecisionRow = row["DecisionRow"]
    verdict: VerdictRow = row["VerdictRow"]
    state, said = _reach(row, bot)
    return ReachView(
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
        state=state,
        said=said,
    )


def _reach(row: RowMapping, bot: BotFacts) -> tuple[str, str]:
    """Say whether a decision reached the bot, and why or why not."""
    decision: DecisionRow = row["DecisionRow"]
    if row["VerdictRow"].blocked:
        return "blocked", "The gate blocked it, so no bot was asked."
    if row["status"] is None:
        return "none", BEFORE_IT if decision.decided_at < bot.created_at else NOT_ASKED
    if row["done"]:
        return "followed", traded(row["side"], row["done"], row["turnover"], bot.symbol)
    if row["status"] in LIVE:
        return "followed", "The order is being placed."
    waits = row["reason"].startswith("NOT_IN_TRADE")
    return "waiting" if waits else "denied", sentence(row["reason"] or NOTHING_TRADED)


# --------------------------------------------------------------------------------- the orders
async def orders_of(
    tx: Transaction, bot: BotFacts, before: int
) -> tuple[list[OrderView], int | None]:
    """Read the bot's newest orders; gives them, and where the next page begins, None at the end."""
    rows = await tx.execute(
        select(OrderRow, PlanRow.action)
        .join(PlanRow, PlanRow.id == OrderRow.plan_id)
        .where(OrderRow.bot_id == bot.id, OrderRow.id < before)
        .order_by(OrderRow.id.desc())
        .limit(LINES + 1)
    )
    found = rows.all()
    fees = await _fees_of(tx, [order.id for order, _ in found])
    views = [_order(order, action, fees[order.id]) for order, action in found]
    return views[:LINES], views[LINES - 1].id if len(views) > LINES else None


async def _fees_of(
    tx: Transaction, order_ids: Iterable[int]
) -> dict[int, list[tuple[Decimal, str]]]:
    """Sum what each order cost in fees, apart for each coin they were taken in."""
    rows = await tx.execute(
        select(FillRow.order_id, func.sum(FillRow.fee), FillRow.fee_asset)
        .where(among(FillRow.order_id, order_ids), FillRow.fee > 0)
        .group_by(FillRow.order_id, FillRow.fee_asset)
        .order_by(FillRow.fee_asset)
    )
    fees: dict[int, list[tuple[Decimal, str]]] = defaultdict(list)
    for order_id, fee, asset in rows:
        fees[order_id].append((fee, asset))
    return fees


def _order(order: OrderRow, action: str, fees: list[tuple[Decimal, str]]) -> OrderView:
    over = order.status not in ("FILLED", "SENDING") and not order.executed_quantity
    return OrderView(
        id=order.id,
        at=order.sent_at,
        symbol=order.symbol,
        side=order.side,
        action=action,
        status=order.status,
        quantity=order.quantity,
        done=order.executed_quantity,
        turnover=order.executed_quote,
        fees=tuple(fees),
        reason=sentence(order.reason or order.status) if over else "",
    )
