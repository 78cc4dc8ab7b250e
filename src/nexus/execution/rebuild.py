"""What do the events say an order and its plan have become? Pure: nothing but the events is asked.

Every event of an order names its plan's state after it, and the time of the event before it, so
that one that is missing or was added leaves a gap. Events from before 2026-11 lack both, and the
ordered quantity: what they do not say is not compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from nexus.execution.models import OrderEvent
from nexus.execution.states import ENDED, may_move

PLACES = Decimal("1e-12")
"""What the database keeps of an amount; PostgreSQL rounds halves away from zero."""
FINAL = ENDED - {"NOT_PLACED"}


@dataclass(frozen=True, slots=True)
class OrderSaid:
    """An order as its events tell it."""

    client_order_id: str | None
    quantity: Decimal | None
    """None where the events are too old to say it."""
    status: str
    reason: str
    exchange_order_id: str | None
    executed_quantity: Decimal
    executed_quote: Decimal
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PlanSaid:
    """A plan as its events tell it; None is what they do not say."""

    status: str | None
    reason: str | None
    attempt: int


def rebuild_order(events: Sequence[OrderEvent]) -> tuple[OrderSaid, list[str]]:
    """Tell one order's story from its events, oldest first, and what cannot be in it.

    There must be at least one event.
    """
    first, *rest = events
    said, faults = _begun(first), []
    if first.status != "SENDING":
        faults.append(f"its first event, {first.id}, is {first.status} and not SENDING")
    chained = "quantity" in first.detail
    for event in rest:
        faults += _faults(said, event, chained=chained)
        said = _moved(said, event)
    return said, faults


def rebuild_plan(events: Sequence[OrderEvent]) -> tuple[PlanSaid, list[str]]:
    """Tell one plan's story from all events of it and of its orders, oldest first."""
    attempts = sum(event.status == "SENDING" for event in events)
    faults = [
        f"event {after.id} comes after the plan was refused by event {refusal.id}"
        for refusal, after in pairwise(events)
        if refusal.order_id is None
    ]
    if not events:
        return PlanSaid(None, None, attempts), faults
    last = events[-1]
    if last.order_id is None:
        return PlanSaid(last.status, last.detail.get("reason", ""), attempts), faults
    return PlanSaid(last.detail.get("plan"), None, attempts), faults


def amount(text: str) -> Decimal:
    """Read an amount as the database would keep it."""
    return Decimal(text).quantize(PLACES, ROUND_HALF_UP)


def _begun(event: OrderEvent) -> OrderSaid:
    quantity = event.detail.get("quantity")
    return OrderSaid(
        client_order_id=event.detail.get("client_order_id"),
        quantity=None if quantity is None else amount(quantity),
        status=event.status,
        reason="",
        exchange_order_id=None,
        executed_quantity=Decimal(0),
        executed_quote=Decimal(0),
        updated_at=event.at,
    )


def _moved(said: OrderSaid, event: OrderEvent) -> OrderSaid:
    moved = replace(
        said, status=event.status, reason=event.detail.get("reason", ""), updated_at=event.at
    )
    if "executed_quantity" not in event.detail:
        return moved
    return replace(
        moved,
        exchange_order_id=event.detail.get("exchange_order_id"),
        executed_quantity=amount(event.detail["executed_quantity"]),
        executed_quote=amount(event.detail.get("executed_quote", "0")),
    )


def _faults(said: OrderSaid, event: OrderEvent, *, chained: bool) -> list[str]:
    """Say what cannot be about this event, after all those before it."""
    number, faults = event.id, []
    if event.status == "SENDING":
        faults.append(f"event {number} sends it again")
    elif not may_move(said.status, event.status):
        faults.append(f"event {number} takes it from {said.status} to {event.status}")
    elif said.status in FINAL and not _says_more(said, event):
        faults.append(f"event {number} comes after its end and says nothing new")
    if chained and _time(event.detail.get("after")) != said.updated_at:
        faults.append(f"event {number} does not follow the one before it: one is missing or added")
    return faults


def _says_more(said: OrderSaid, event: OrderEvent) -> bool:
    done = event.detail.get("executed_quantity")
    return done is not None and amount(done) != said.executed_quantity


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
