"""Turn claimed plans into orders with their client ids: what is committed before it is sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from nexus.core.db import Transaction, insert_rows, update_rows
from nexus.exchanges.protocol import Account, Intent, Side
from nexus.execution.broker import Broker
from nexus.execution.client_id import client_order_id
from nexus.execution.models import OrderEvent, OrderRow
from nexus.fanout.models import PlanRow

Found = Mapping[Any, Any]
"""A plan with all that could forbid it."""


async def write_orders(
    tx: Transaction, rows: Sequence[Found], at: datetime, broker: Broker
) -> list[Intent]:
    """Write the orders with their client ids, and give what is to be sent."""
    if not rows:
        return []
    claimed = [
        {
            "id": row["plan_id"], "status": "ORDERED", "attempt": row["attempt"] + 1,
            "quantity": row["quantity"],
        }
        for row in rows
    ]  # fmt: skip
    await update_rows(tx, PlanRow, claimed)
    statement, columns = insert_rows(OrderRow, [_order_values(row, at, broker) for row in rows])
    written = await tx.execute(
        statement.returning(
            OrderRow.id, OrderRow.plan_id, OrderRow.client_order_id, OrderRow.quantity
        ),
        columns,
    )
    orders = {order.plan_id: order for order in written}
    events = [
        {
            "plan_id": plan_id, "order_id": order.id, "at": at, "status": "SENDING",
            "detail": {
                "client_order_id": order.client_order_id, "worker": broker.worker,
                "quantity": str(order.quantity), "plan": "ORDERED",
            },
        }
        for plan_id, order in orders.items()
    ]  # fmt: skip
    await tx.execute(*insert_rows(OrderEvent, events))
    return [_intent(row, orders[row["plan_id"]], at) for row in rows]


def _order_values(row: Found, at: datetime, broker: Broker) -> dict[str, Any]:
    attempt = row["attempt"] + 1
    return {
        "plan_id": row["plan_id"],
        "account_id": row["account_id"],
        "bot_id": row["bot_id"],
        "attempt": attempt,
        "client_order_id": client_order_id(
            broker.settings.environment, row["account_id"], row["origin"], attempt
        ),
        "symbol": row["symbol"],
        "side": row["side"],
        "quantity": row["quantity"],
        "status": "SENDING",
        "executed_quantity": 0,
        "executed_quote": 0,
        "sent_at": at,
        "recv_window_ms": broker.settings.recv_window_ms,
        "worker": broker.worker,
        "checks": 0,
        # Should this worker die now, the sweeper asks the exchange once the fence has passed.
        "next_check_at": at + broker.fence,
        "reason": "",
        "updated_at": at,
    }


def _intent(row: Found, order: Row[int, int, str, Decimal], at: datetime) -> Intent:
    return Intent(
        order_id=order.id,
        account=Account(row["account_id"], row["venue"], row["egress"], row["key_version"]),
        client_order_id=order.client_order_id,
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=row["quantity"],
        reference_price=row["reference_price"],
        sent_at=at,
    )
