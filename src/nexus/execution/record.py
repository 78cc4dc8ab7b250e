"""Write down what became of orders: one transaction per batch, every move compare-and-set.

Fills are unique by (account, symbol, trade id), so a report that comes twice changes nothing.
Positions and balances move only by fills that were new.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy import func, select

from nexus.bots.close import finish_close
from nexus.bots.models import Bot
from nexus.core.clock import now
from nexus.core.db import Transaction, among, insert_rows, update_rows
from nexus.exchanges.distrust import distrust_keys
from nexus.exchanges.protocol import Accepted, Fill, NotPlaced, Outcome, Report
from nexus.execution.broker import Broker
from nexus.execution.events import OrderMoved
from nexus.execution.models import FillRow, OrderEvent, OrderRow
from nexus.execution.settle import leave_trades, left_to_sell, settle_fills
from nexus.execution.states import ENDED, Step, after_report, after_sending, may_move, plan_after
from nexus.fanout.models import PlanRow
from nexus.fanout.size import plain

log = structlog.get_logger()

MOVING = (
    "id", "status", "reason", "next_check_at", "checks", "updated_at", "exchange_order_id",
    "executed_quantity", "executed_quote",
)  # fmt: skip
"""The columns of an order that a move may change."""
OURS = 0
"""The code of an order that we refused ourselves, before the network."""
LEAST_WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class News:
    """What we learnt of one order: where it goes, and the venue's report if there is one."""

    order_id: int
    step: Step
    report: Report | None = None
    key_invalid: bool = False
    again_in: timedelta | None = None
    """Set when the order surely never started: how long to wait before another attempt."""
    costs_attempt: bool = True
    """False when we refused ourselves, before the network: no attempt was used up."""
    denied: str = ""
    """Why we refused it ourselves, right before the signature, and would again."""
    not_found: bool = False
    """Whether the venue was asked, and does not know the order."""


@dataclass(frozen=True, slots=True)
class Known:
    """An order with what stands around it, locked."""

    order: OrderRow
    plan: PlanRow
    user_id: int


def news_of_sending(order_id: int, outcome: Outcome, broker: Broker) -> News:
    """Read the answer to an order's one request."""
    step = after_sending(outcome, broker.fence)
    match outcome:
        case Accepted(report):
            return News(order_id, step, report)
        case NotPlaced(message=message, final=True):
            return News(order_id, step, denied=message)
        case NotPlaced(code, _, retry_after, key_invalid):
            wait = timedelta(seconds=max(retry_after, LEAST_WAIT_SECONDS))
            return News(
                order_id, step,
                key_invalid=key_invalid,
                again_in=None if key_invalid else wait,
                costs_attempt=code != OURS,
            )  # fmt: skip
        case _:
            return News(order_id, step)


def news_of_report(order_id: int, report: Report) -> News:
    """Read what the venue says of an order we asked for."""
    return News(order_id, after_report(report), report)


async def record_news(tx: Transaction, news: Sequence[News], broker: Broker) -> None:
    """Record a batch of news."""
    at = now()
    known = await _lock(tx, [item.order_id for item in news])
    moving = [
        (known[item.order_id], item)
        for item in news
        if item.order_id in known and _may(known[item.order_id].order, item)
    ]
    await _store_fills(tx, moving)
    moved = [(k, item) for k, item in moving if _is_change(k.order, item)]
    told = [(k, item) for k, item in moved if _is_move(k.order, item)]
    before = {k.order.id: k.order.updated_at for k, _ in moved}
    for k, item in moved:
        _move(k.order, item, at)
    await _write_orders(tx, moved)
    sales = [
        k.order
        for k, _ in moved
        if k.order.status == "FILLED" and k.plan.action in ("exit", "close")
    ]
    left = await left_to_sell(tx, sales)
    await leave_trades(tx, [order.bot_id for order in sales if order.bot_id not in left])
    tx.announce(*(_fact(k, item, at) for k, item in told))
    await distrust_keys(tx, {k.order.account_id for k, item in moved if item.key_invalid})
    await _end_plans(tx, moved, broker, at, left)
    await _write_events(tx, moved, before, at)


async def _lock(tx: Transaction, order_ids: Iterable[int]) -> Mapping[int, Known]:
    rows = await tx.execute(
        select(OrderRow, PlanRow, Bot.user_id)
        .join(PlanRow, PlanRow.id == OrderRow.plan_id)
        .join(Bot, Bot.id == OrderRow.bot_id)
        .where(among(OrderRow.id, order_ids))
        .order_by(OrderRow.id)
        .with_for_update(of=[OrderRow, PlanRow])
    )
    known = {order.id: Known(order, plan, user_id) for order, plan, user_id in rows}
    # Detached: what changes in them is written for all at once, not row by row.
    for row in {row for k in known.values() for row in (k.order, k.plan)}:
        tx.expunge(row)
    return known


def _may(order: OrderRow, item: News) -> bool:
    """Refuse what an event has overtaken: the answer knows of fewer executions, or of nothing.

    Refuse a move that the state machine does not know, too; say so, because it is a defect.
    """
    possible = may_move(order.status, item.step.status)
    behind = item.report is not None and item.report.executed_quantity < order.executed_quantity
    says_less = item.not_found or item.step.status in ("UNKNOWN", "ACKED")
    if behind or (says_less and not possible):
        log.info("overtaken", order=order.id, now=order.status, to=item.step.status)
        return False
    if not possible:
        log.error("impossible_move", order=order.id, now=order.status, to=item.step.status)
    return possible


def _is_change(order: OrderRow, item: News) -> bool:
    """Say whether there is anything to write: a move, or when to ask again, or to ask no more."""
    asks = item.step.ask_in is not None or order.next_check_at is not None
    return asks or _is_move(order, item)


def _is_move(order: OrderRow, item: News) -> bool:
    """Say whether there is anything to tell: a new state, or more executed."""
    more = item.report is not None and item.report.executed_quantity != order.executed_quantity
    return more or item.step.status != order.status


def _move(order: OrderRow, item: News, at: datetime) -> None:
    order.status = item.step.status
    order.reason = item.step.reason
    order.next_check_at = None if item.step.ask_in is None else at + item.step.ask_in
    order.checks += item.not_found
    order.updated_at = at
    if item.report is not None:
        order.exchange_order_id = item.report.exchange_order_id
        order.executed_quantity = item.report.executed_quantity
        order.executed_quote = item.report.executed_quote


async def _write_orders(tx: Transaction, moved: Sequence[tuple[Known, News]]) -> None:
    changed = [{name: getattr(k.order, name) for name in MOVING} for k, _ in moved]
    await update_rows(tx, OrderRow, changed)


async def _store_fills(tx: Transaction, moving: Sequence[tuple[Known, News]]) -> None:
    """Insert the fills that are new, and move positions and balances by exactly those."""
    rows = [
        _fill_values(k.order, fill)
        for k, item in moving
        if item.report is not None
        for fill in item.report.fills
    ]
    if not rows:
        return
    statement, columns = insert_rows(FillRow, rows)
    added = statement.on_conflict_do_nothing().returning(*FillRow.__table__.c)
    new = await tx.scalars(select(FillRow).from_statement(added), columns)
    await settle_fills(tx, new.all(), {k.order.id: k.plan for k, _ in moving})


def _fill_values(order: OrderRow, fill: Fill) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "account_id": order.account_id,
        "bot_id": order.bot_id,
        "symbol": order.symbol,
        "trade_id": fill.trade_id,
        "side": order.side,
        "price": fill.price,
        "quantity": fill.quantity,
        "fee": fill.fee,
        "fee_asset": fill.fee_asset,
        "at": fill.at,
    }


async def _write_events(
    tx: Transaction,
    moved: Sequence[tuple[Known, News]],
    before: Mapping[int, datetime],
    at: datetime,
) -> None:
    """Write each step, so that `nexus ledger verify` can rebuild the order and its plan from them.

    A step names its plan's state, and the time of the step before it: none can be missing.
    """
    if not moved:
        return
    events = [
        {
            "plan_id": k.plan.id,
            "order_id": k.order.id,
            "at": at,
            "status": item.step.status,
            "detail": {
                **_detail(item), "plan": k.plan.status, "after": before[k.order.id].isoformat(),
            },
        }
        for k, item in moved
    ]  # fmt: skip
    await tx.execute(*insert_rows(OrderEvent, events))


def _detail(item: News) -> dict[str, str]:
    detail = {"reason": item.step.reason} if item.step.reason else {}
    if item.report is not None:
        detail |= {
            "exchange_order_id": item.report.exchange_order_id,
            "executed_quantity": str(item.report.executed_quantity),
            "executed_quote": str(item.report.executed_quote),
        }
    return detail


def _fact(k: Known, item: News, at: datetime) -> OrderMoved:
    report = item.report
    done = report.executed_quantity if report else Decimal(0)
    fills = report.fills if report else ()
    return OrderMoved(
        order_id=k.order.id,
        bot_id=k.order.bot_id,
        user_id=k.user_id,
        symbol=k.order.symbol,
        side=k.order.side,
        action=k.plan.action,
        status=item.step.status,
        quantity=done,
        average_price=report.executed_quote / done if report and done else None,
        fee=sum((fill.fee for fill in fills), Decimal(0)),
        fee_asset=fills[0].fee_asset if fills else "",
        reason=item.denied or item.step.reason,
        at=at,
    )


async def _end_plans(
    tx: Transaction,
    moved: Sequence[tuple[Known, News]],
    broker: Broker,
    at: datetime,
    left: Mapping[int, Decimal],
) -> None:
    """End each plan whose order has ended, or put it back for the sweeper to try again.

    `left` is what bots could still sell after a sale that was filled.
    """
    ended = [
        (k, item) for k, item in moved if k.order.status in ENDED and k.plan.status == "ORDERED"
    ]
    spent = await _attempts(tx, [k.plan.id for k, item in ended if item.again_in is not None])
    for k, item in ended:
        used_up = item.costs_attempt and spent[k.plan.id] >= broker.settings.order_attempts
        again = plan_after(item.again_in, at, k.plan.not_after, used_up=used_up)
        if again is not None:
            k.plan.status, k.plan.not_before = "PLANNED", again
            continue
        k.plan.status = "DENIED" if item.denied else "DONE"
        k.plan.reason = item.denied or item.step.reason
        if k.plan.close_request_id is not None:
            sold, outcome = _sale(k.order, left.get(k.order.bot_id, Decimal(0)))
            await finish_close(tx, k.plan.close_request_id, sold=sold, outcome=outcome)
    changed = [
        {"id": p.id, "status": p.status, "reason": p.reason, "not_before": p.not_before}
        for p in {k.plan for k, _ in ended}
    ]
    await update_rows(tx, PlanRow, changed)


async def _attempts(tx: Transaction, plan_ids: Sequence[int]) -> Counter[int]:
    """Count each plan's orders that went out; those we held back ourselves cost no attempt."""
    if not plan_ids:
        return Counter()
    rows = await tx.execute(
        select(OrderRow.plan_id, func.count())
        .where(
            among(OrderRow.plan_id, plan_ids),
            OrderRow.reason.not_like(f"NOT_PLACED: code={OURS} %"),
        )
        .group_by(OrderRow.plan_id)
    )
    return Counter(dict(rows.all()))


def _sale(order: OrderRow, left: Decimal) -> tuple[bool, str]:
    """Say how the sale of a bot's whole position ended: whether all was sold, and in words."""
    if order.status == "FILLED" and not left:
        return True, "Everything was sold."
    if order.executed_quantity:
        done, wanted = (
            plain(order.executed_quantity),
            plain(max(order.quantity, order.executed_quantity + left)),
        )
        return False, f"Only {done} of {wanted} was sold."
    return False, order.reason or f"{order.status}: the exchange ended the order, nothing was sold"
