"""Write a stop that sold into the ledger: a plan, its order, its events and its fills, at once.

Nobody claimed it at that moment, so it comes into the ledger when it has ended and every fill of
it is known. From then on it is an order like any other.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from nexus.bots.models import Holding, RestingStop
from nexus.core.db import Transaction, insert_rows
from nexus.exchanges.models import ExchangeAccount, SymbolFilter
from nexus.exchanges.protocol import Report, Side
from nexus.execution.events import OrderMoved
from nexus.execution.models import FillRow, OrderEvent, OrderRow
from nexus.execution.settle import leave_trades, settle_fills
from nexus.fanout.models import PlanRow

STOP_ACTION = "stop"


async def adopt(
    tx: Transaction, stop: RestingStop, user_id: int, report: Report, at: datetime
) -> None:
    """Take what a stop sold as its bot's exit; `report` must hold every fill."""
    plan = _plan(stop, at)
    tx.add(plan)
    await tx.flush()
    order = _order(stop, plan, report, at)
    tx.add(order)
    await tx.flush()
    await tx.execute(*insert_rows(OrderEvent, _events(stop, order, report, at)))
    statement, columns = insert_rows(FillRow, _fills(order, report))
    added = statement.on_conflict_do_nothing().returning(*FillRow.__table__.c)
    new = (await tx.scalars(select(FillRow).from_statement(added), columns)).all()
    await settle_fills(tx, new, {order.id: plan})
    if await _nothing_left(tx, stop):
        await leave_trades(tx, [stop.bot_id])
    tx.announce(_fact(order, user_id, report))


def _plan(stop: RestingStop, at: datetime) -> PlanRow:
    return PlanRow(
        resting_stop_id=stop.id,
        origin=f"stop/{stop.bot_id}/{stop.trade_id}",
        bot_id=stop.bot_id,
        account_id=stop.account_id,
        action=STOP_ACTION,
        symbol=stop.symbol,
        side=Side.SELL,
        quantity=stop.quantity,
        reference_price=stop.stop_price,
        status="DONE",
        reason="",
        attempt=1,
        not_before=stop.sent_at,
        not_after=at,
        created_at=at,
    )


def _order(stop: RestingStop, plan: PlanRow, report: Report, at: datetime) -> OrderRow:
    return OrderRow(
        plan_id=plan.id,
        account_id=stop.account_id,
        bot_id=stop.bot_id,
        attempt=1,
        client_order_id=stop.client_order_id,
        symbol=stop.symbol,
        side=Side.SELL,
        quantity=stop.quantity,
        status=report.status.value,
        exchange_order_id=report.exchange_order_id,
        executed_quantity=report.executed_quantity,
        executed_quote=report.executed_quote,
        sent_at=stop.sent_at,
        recv_window_ms=0,
        worker=stop.worker,
        checks=0,
        next_check_at=None,
        reason="",
        updated_at=at,
    )


def _events(
    stop: RestingStop, order: OrderRow, report: Report, at: datetime
) -> list[dict[str, Any]]:
    """Tell the order's story in two steps, so that it can be rebuilt as every other."""
    begun = {
        "client_order_id": stop.client_order_id, "worker": stop.worker,
        "quantity": str(stop.quantity), "plan": "ORDERED",
    }  # fmt: skip
    ended = {
        "exchange_order_id": report.exchange_order_id,
        "executed_quantity": str(report.executed_quantity),
        "executed_quote": str(report.executed_quote),
        "plan": "DONE",
        "after": stop.sent_at.isoformat(),
    }
    row = {"plan_id": order.plan_id, "order_id": order.id}
    return [
        {**row, "at": stop.sent_at, "status": "SENDING", "detail": begun},
        {**row, "at": at, "status": order.status, "detail": ended},
    ]


def _fills(order: OrderRow, report: Report) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order.id, "account_id": order.account_id, "bot_id": order.bot_id,
            "symbol": order.symbol, "trade_id": fill.trade_id, "side": order.side,
            "price": fill.price, "quantity": fill.quantity, "fee": fill.fee,
            "fee_asset": fill.fee_asset, "at": fill.at,
        }
        for fill in report.fills
    ]  # fmt: skip


async def _nothing_left(tx: Transaction, stop: RestingStop) -> bool:
    """Say whether a bot holds less than the venue sells: dust is no position."""
    steps = await tx.execute(
        select(SymbolFilter.step_size, SymbolFilter.min_quantity)
        .join(ExchangeAccount, ExchangeAccount.venue == SymbolFilter.venue)
        .where(ExchangeAccount.id == stop.account_id, SymbolFilter.symbol == stop.symbol)
    )
    least = max((max(row) for row in steps), default=Decimal(0))
    held = await tx.scalar(select(Holding.quantity).where(Holding.bot_id == stop.bot_id))
    return held is None or held <= 0 or held < least


def _fact(order: OrderRow, user_id: int, report: Report) -> OrderMoved:
    return OrderMoved(
        order_id=order.id,
        bot_id=order.bot_id,
        user_id=user_id,
        symbol=order.symbol,
        side=order.side,
        action=STOP_ACTION,
        status=order.status,
        quantity=report.executed_quantity,
        average_price=report.executed_quote / report.executed_quantity,
        fee=sum((fill.fee for fill in report.fills), Decimal(0)),
        fee_asset=report.fills[0].fee_asset,
        reason="",
        at=order.updated_at,
    )
