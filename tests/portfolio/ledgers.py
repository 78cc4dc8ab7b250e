"""Who has trades in tests? A bot whose ledger is written at once, as many fills as wanted."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from nexus.bots.models import CloseRequest
from nexus.core.db import Database, insert_rows
from nexus.execution.models import FillRow, OrderRow
from nexus.fanout.models import PlanRow
from tests.scenes import AT
from tests.scripted import BTC

EVERY = timedelta(minutes=10)


async def write_fills(
    database: Database, account_id: int, bot_id: int, fills: Sequence[dict[str, Any]]
) -> None:
    """Write fills of one bot, ten minutes apart; each gives what is not usual about it."""
    async with database.transaction() as tx:
        wish = CloseRequest(
            bot_id=bot_id, requested_by="test", requested_at=AT,
            idempotency_key=f"ledger-{bot_id}",
        )  # fmt: skip
        tx.add(wish)
        await tx.flush()
        common = {"account_id": account_id, "bot_id": bot_id, "symbol": BTC}
        plan = PlanRow(
            **common, close_request_id=wish.id, origin=f"close/{wish.id}", action="close",
            side="sell", quantity=Decimal(1), reference_price=Decimal(100), status="DONE",
            not_before=AT, not_after=AT, created_at=AT,
        )  # fmt: skip
        tx.add(plan)
        await tx.flush()
        order = OrderRow(
            **common, plan_id=plan.id, attempt=1, client_order_id=f"ledger-{bot_id}", side="sell",
            quantity=Decimal(1), status="FILLED", executed_quantity=Decimal(1),
            executed_quote=Decimal(100), sent_at=AT, recv_window_ms=5000, worker="test",
            updated_at=AT,
        )  # fmt: skip
        tx.add(order)
        await tx.flush()
        rows = [
            {
                **common, "order_id": order.id, "trade_id": f"{bot_id}-{number}", "side": "buy",
                "price": Decimal(100), "quantity": Decimal(1), "fee": Decimal("0.1"),
                "fee_asset": "USDT", "at": AT + EVERY * number, **fill,
            }
            for number, fill in enumerate(fills)
        ]  # fmt: skip
        await tx.execute(*insert_rows(FillRow, rows))
