"""Ring again for every row that is not at its end: a lost job costs seconds, never an order."""

from datetime import timedelta

from sqlalchemy import select

from nexus.bots.models import RestingStop
from nexus.core.clock import now
from nexus.core.db import Transaction, one_of
from nexus.exchanges.models import ExchangeAccount
from nexus.execution.models import OrderRow
from nexus.fanout.models import PlanRow

RING_LOST_AFTER = timedelta(seconds=2)
AT_ONCE = 5000
CALM_AT_ONCE = 15
"""Stops that rest and of which nothing was heard for long: a few in each sweep, for a question
weighs as much as four orders."""


async def waiting_plans(tx: Transaction) -> list[int]:
    """List the plans whose ring must have been lost, or that had to wait."""
    rows = await tx.scalars(
        select(PlanRow.id)
        .where(one_of(PlanRow.status, "PLANNED"), PlanRow.not_before <= now() - RING_LOST_AFTER)
        .order_by(PlanRow.id)
        .limit(AT_ONCE)
    )
    return list(rows)


async def orders_to_ask_about(tx: Transaction) -> list[int]:
    """List the orders whose fate is to be asked of the exchange now."""
    rows = await tx.scalars(
        select(OrderRow.id)
        .where(OrderRow.next_check_at <= now())
        .order_by(OrderRow.next_check_at)
        .limit(AT_ONCE)
    )
    return list(rows)


async def stops_to_ask_about(tx: Transaction) -> list[int]:
    """List the stops whose fate is to be asked of the exchange now, of accounts with a key."""
    due = (
        select(RestingStop.id)
        .join(ExchangeAccount, ExchangeAccount.id == RestingStop.account_id)
        .where(
            RestingStop.next_check_at <= now(),
            ExchangeAccount.status.in_(("active", "paused", "exits_only")),
        )
        .order_by(RestingStop.next_check_at)
    )
    urgent = await tx.scalars(due.where(RestingStop.status != "RESTING").limit(AT_ONCE))
    calm = await tx.scalars(due.where(RestingStop.status == "RESTING").limit(CALM_AT_ONCE))
    return [*urgent, *calm]
