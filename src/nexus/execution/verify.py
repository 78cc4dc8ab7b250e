"""Is the ledger what its events and fills say? Rebuilds it, and names every row that differs.

Orders and plans are told anew from `order_events`, holdings from `fills`. It only reads, in one
snapshot, so it can run beside the workers; rows come in batches, so any ledger fits.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import func, select

from nexus.bots.models import CloseRequest
from nexus.core.db import Transaction, among
from nexus.execution.models import FillRow, OrderEvent, OrderRow
from nexus.execution.rebuild import FINAL, rebuild_order, rebuild_plan
from nexus.execution.verify_holdings import check_holdings
from nexus.execution.verify_stops import check_stops
from nexus.fanout.close import DROPPED
from nexus.fanout.models import PlanRow

AT_ONCE = 500
Row = TypeVar("Row")
QUOTE_ROUNDING = Decimal("1e-8")
"""A venue rounds what each fill turned over to its own places."""


@dataclass
class Tally:
    """How much was compared."""

    plans: int = 0
    orders: int = 0
    holdings: int = 0
    stops: int = 0


@dataclass(frozen=True, slots=True)
class Around:
    """Everything that belongs to a batch of plans, by the id it belongs to."""

    orders: Mapping[int, Sequence[OrderRow]]
    events: Mapping[int, Sequence[OrderEvent]]
    fills: Mapping[int, Sequence[FillRow]]
    closed_at: Mapping[int, datetime]
    """When each bot was last told to close."""


async def verify_ledger(tx: Transaction, tally: Tally) -> AsyncIterator[str]:
    """Give a sentence for each row that is not as its events and fills say.

    `tx` must be fresh: what is read must all be of one moment.
    """
    await tx.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    async for plans in _batches(tx):
        around = await _around(tx, plans)
        for plan in plans:
            for sentence in _check(plan, around):
                yield sentence
        tally.plans += len(plans)
        tally.orders += sum(len(orders) for orders in around.orders.values())
        tx.expunge_all()
    async for checked, sentences in check_stops(tx):
        tally.stops += checked
        for sentence in sentences:
            yield sentence
    async for checked, sentences in check_holdings(tx):
        tally.holdings += checked
        for sentence in sentences:
            yield sentence


async def _batches(tx: Transaction) -> AsyncIterator[Sequence[PlanRow]]:
    last = 0
    while True:
        batch = select(PlanRow).where(PlanRow.id > last).order_by(PlanRow.id).limit(AT_ONCE)
        plans = (await tx.scalars(batch)).all()
        if not plans:
            return
        last = plans[-1].id
        yield plans


async def _around(tx: Transaction, plans: Sequence[PlanRow]) -> Around:
    ids = [plan.id for plan in plans]
    orders = (
        await tx.scalars(
            select(OrderRow)
            .where(among(OrderRow.plan_id, ids))
            .order_by(OrderRow.plan_id, OrderRow.attempt)
        )
    ).all()
    order_ids = [order.id for order in orders]
    events = await tx.scalars(
        select(OrderEvent).where(among(OrderEvent.plan_id, ids)).order_by(OrderEvent.id)
    )
    fills = await tx.scalars(
        select(FillRow).where(among(FillRow.order_id, order_ids)).order_by(FillRow.id)
    )
    closed = await tx.execute(
        select(CloseRequest.bot_id, func.max(CloseRequest.requested_at))
        .where(among(CloseRequest.bot_id, {plan.bot_id for plan in plans}))
        .group_by(CloseRequest.bot_id)
    )
    return Around(
        orders=_by(orders, lambda order: order.plan_id),
        events=_by(events, lambda event: event.plan_id),
        fills=_by(fills, lambda fill: fill.order_id),
        closed_at={row[0]: row[1] for row in closed},
    )


def _by(rows: Iterable[Row], key: Callable[[Row], int]) -> Mapping[int, Sequence[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _check(plan: PlanRow, around: Around) -> Iterator[str]:
    """Compare one plan and all its orders with what is told of them."""
    orders, events = around.orders.get(plan.id, ()), around.events.get(plan.id, ())
    for fault in _plan_faults(plan, events, around.closed_at.get(plan.bot_id)):
        yield f"Plan {plan.id}: {fault}."
    for event in events:
        if event.order_id is not None and event.order_id not in {order.id for order in orders}:
            yield f"Plan {plan.id}: event {event.id} is about order {event.order_id} of another."
    for attempt, order in enumerate(orders, start=1):
        own = [event for event in events if event.order_id == order.id]
        for fault in _order_faults(order, attempt, plan, own):
            yield f"Order {order.id}: {fault}."
        for fault in _fill_faults(order, around.fills.get(order.id, ())):
            yield f"Order {order.id}: {fault}."


def _plan_faults(
    plan: PlanRow, events: Sequence[OrderEvent], closed_at: datetime | None
) -> Iterator[str]:
    said, faults = rebuild_plan(events)
    yield from faults
    yield from _differ("attempt", plan.attempt, said.attempt)
    if plan.status == "DENIED" and plan.reason == DROPPED:
        # The close request is what ended it: a plan that waited, of a bot that was to close.
        if said.status not in (None, "PLANNED") or not closed_at or closed_at < plan.created_at:
            yield "its status is DENIED because its bot was told to close, and nothing told so"
    elif not events:
        # Born so: a plan that waits yet, or that was never to be ordered.
        if plan.status != "PLANNED" and not (plan.status == "DENIED" and plan.quantity == 0):
            yield f"its status is {plan.status}, and no event says so"
    else:
        yield from _differ("status", plan.status, said.status or plan.status)
        if said.reason is not None:
            yield from _differ("reason", plan.reason, said.reason)


def _order_faults(
    order: OrderRow, attempt: int, plan: PlanRow, events: Sequence[OrderEvent]
) -> Iterator[str]:
    yield from _differ("attempt", order.attempt, attempt)
    if not events:
        yield "it has no events"
        return
    said, faults = rebuild_order(events)
    yield from faults
    yield from _differ("status", order.status, said.status)
    yield from _differ("reason", order.reason, said.reason)
    yield from _differ("client_order_id", order.client_order_id, said.client_order_id)
    yield from _differ("exchange_order_id", order.exchange_order_id, said.exchange_order_id)
    yield from _differ("quantity", order.quantity, said.quantity or plan.quantity)
    yield from _differ("executed_quantity", order.executed_quantity, said.executed_quantity)
    yield from _differ("executed_quote", order.executed_quote, said.executed_quote)
    yield from _differ("updated_at", order.updated_at, said.updated_at)
    for name in ("bot_id", "account_id", "symbol", "side", "quantity"):
        if getattr(order, name) != getattr(plan, name):
            yield f"its {name} is not that of its plan, {plan.id}"


def _fill_faults(order: OrderRow, fills: Sequence[FillRow]) -> Iterator[str]:
    """Compare what was executed with the fills; before the order's end some may not be known."""
    for fill in fills:
        for name in ("bot_id", "account_id", "symbol", "side"):
            if getattr(fill, name) != getattr(order, name):
                yield f"the {name} of its fill {fill.id} is another"
    done = sum((fill.quantity for fill in fills), Decimal(0))
    complete = order.status in FINAL or order.status == "NOT_PLACED"
    if done > order.executed_quantity or (complete and done != order.executed_quantity):
        yield f"its executed_quantity is {order.executed_quantity:f}, its fills say {done:f}"
    elif done == order.executed_quantity:
        turned = sum((fill.price * fill.quantity for fill in fills), Decimal(0))
        if abs(turned - order.executed_quote) > QUOTE_ROUNDING * (len(fills) + 1):
            yield f"its executed_quote is {order.executed_quote:f}, its fills say {turned:f}"


def _differ(name: str, kept: object, told: object) -> Iterator[str]:
    if kept != told:
        yield f"its {name} is {_plain(kept)}, its events say {_plain(told)}"


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else repr(value)
