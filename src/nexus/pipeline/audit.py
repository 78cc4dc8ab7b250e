"""Does the ledger agree with the venue's own record? Judged order by order after a replay."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from nexus.core.db import Transaction
from nexus.exchanges.models import PaperOrder
from nexus.execution.models import FillRow, OrderRow
from nexus.fanout.models import PlanRow
from nexus.regime.models import VerdictRow


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """One order the venue accepted, by its own record."""

    client_order_id: str
    quantity: Decimal
    """Base units executed."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What stands in the ledger, and where it differs from the venue's record."""

    plans: dict[str, int]
    orders: dict[str, int]
    fills: int
    duplicate_orders: int
    orphan_orders: int
    mistakes: list[str]


async def paper_orders(tx: Transaction) -> list[VenueOrder]:
    """Read the paper venue's own record."""
    rows = await tx.execute(select(PaperOrder.client_order_id, PaperOrder.quantity))
    return [VenueOrder(row.client_order_id, row.quantity) for row in rows]


async def audit(tx: Transaction, venue_orders: Iterable[VenueOrder]) -> Audit:
    """Compare the whole ledger with everything a venue accepted."""
    ledger = {row.client_order_id: row for row in await tx.scalars(select(OrderRow))}
    filled = await _filled(tx)
    accepted = list(venue_orders)
    known = [order for order in accepted if order.client_order_id in ledger]
    per_plan = Counter(ledger[order.client_order_id].plan_id for order in known)
    return Audit(
        plans=await _by_status(tx, PlanRow),
        orders=await _by_status(tx, OrderRow),
        fills=await tx.scalar(select(func.count()).select_from(FillRow)) or 0,
        duplicate_orders=sum(count - 1 for count in per_plan.values()),
        orphan_orders=len(accepted) - len(known),
        mistakes=[*_differences(accepted, ledger, filled), *await _blocked_orders(tx)],
    )


async def _filled(tx: Transaction) -> dict[int, Decimal]:
    rows = await tx.execute(
        select(FillRow.order_id, func.sum(FillRow.quantity)).group_by(FillRow.order_id)
    )
    return dict(rows.all())


def _differences(
    accepted: Iterable[VenueOrder], ledger: dict[str, OrderRow], filled: dict[int, Decimal]
) -> list[str]:
    """Name every order whose quantity differs between venue, ledger and fills."""
    by_venue: dict[str, Decimal] = defaultdict(Decimal)
    for order in accepted:
        by_venue[order.client_order_id] += order.quantity
    mistakes = []
    for client_id, row in ledger.items():
        sums = {by_venue[client_id], row.executed_quantity, filled.get(row.id, Decimal(0))}
        if len(sums) > 1:
            mistakes.append(f"{client_id}: venue, ledger and fills disagree: {sorted(sums)}")
    return mistakes


async def _blocked_orders(tx: Transaction) -> list[str]:
    """Name every plan that was made for a decision the gate had blocked."""
    rows = await tx.scalars(
        select(PlanRow.id)
        .join(VerdictRow, VerdictRow.decision_id == PlanRow.decision_id)
        .where(VerdictRow.blocked)
    )
    return [f"plan {plan_id} belongs to a blocked decision" for plan_id in rows]


async def _by_status(tx: Transaction, table: type[PlanRow | OrderRow]) -> dict[str, int]:
    rows = await tx.execute(
        select(table.status, func.count()).group_by(table.status).order_by(table.status)
    )
    return dict(rows.all())
