"""Is what stops sold in the ledger, once each, and nothing else? Compares stops with orders."""

from collections.abc import AsyncIterator, Iterator

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from nexus.bots.models import RestingStop
from nexus.core.db import Transaction
from nexus.execution.models import OrderRow
from nexus.fanout.models import PlanRow

AT_ONCE = 500


async def check_stops(tx: Transaction) -> AsyncIterator[tuple[int, list[str]]]:
    """Give for each batch of stops how many were compared, and what differs."""
    last = 0
    order = aliased(OrderRow)
    query = (
        select(RestingStop, PlanRow, order)
        .outerjoin(PlanRow, PlanRow.resting_stop_id == RestingStop.id)
        .outerjoin(
            order,
            and_(
                order.account_id == RestingStop.account_id,
                order.client_order_id == RestingStop.client_order_id,
            ),
        )
        .order_by(RestingStop.id)
        .limit(AT_ONCE)
    )
    while True:
        rows = (await tx.execute(query.where(RestingStop.id > last))).all()
        if not rows:
            return
        last = rows[-1][0].id
        yield len(rows), [f"Stop {row[0].id}: {fault}." for row in rows for fault in _faults(*row)]
        tx.expunge_all()


def _faults(stop: RestingStop, plan: PlanRow | None, order: OrderRow | None) -> Iterator[str]:
    if (plan is None) != (order is None):
        yield "it has a plan and no order, or an order and no plan"
    if plan is None or order is None:
        if stop.status == "TRIGGERED":
            yield "it is TRIGGERED, and the ledger has no order of it"
        return
    if stop.status != "TRIGGERED":
        yield f"it is {stop.status}, and order {order.id} says that it sold"
    if order.plan_id != plan.id:
        yield f"order {order.id} belongs to another plan than its own, {plan.id}"
    for name in ("bot_id", "account_id", "symbol", "quantity"):
        if getattr(order, name) != getattr(stop, name):
            yield f"its {name} is not that of its order, {order.id}"
    if order.executed_quantity <= 0:
        yield f"its order, {order.id}, sold nothing"
