"""Is every difference between stops and the ledger found?"""

from typing import Any

import pytest
from sqlalchemy import delete, update

from nexus.bots.models import RestingStop
from nexus.execution import verify_stops
from nexus.execution.models import FillRow, OrderEvent, OrderRow
from nexus.fanout.models import PlanRow
from tests.execution.stops import STOP, Stops


async def sold(stops: Stops) -> None:
    """Let a stop rest, be replaced, and sell."""
    await stops.follower()
    await stops.lead_with(STOP + 100)
    await stops.scene.sweep()
    stops.trigger()
    await stops.comes_due()
    assert await stops.states() == ["CANCELED", "TRIGGERED"]


async def test_what_a_stop_sold_verifies(stops: Stops, monkeypatch: pytest.MonkeyPatch) -> None:
    await sold(stops)
    assert await stops.faults() == []
    monkeypatch.setattr(verify_stops, "AT_ONCE", 1)
    assert await stops.faults() == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (update(RestingStop).values(status="CANCELED"), "it is CANCELED, and order 2 says"),
        (update(OrderRow).values(client_order_id=OrderRow.client_order_id + "x"), "no order"),
        (update(RestingStop).values(quantity=RestingStop.quantity * 2), "its quantity is not"),
        (update(RestingStop).values(symbol="ETH/USDT"), "its symbol is not"),
    ],
)
async def test_what_was_changed_is_found(stops: Stops, change: Any, fault: str) -> None:
    await sold(stops)
    async with stops.scene.database.transaction() as tx:
        await tx.execute(change)
    assert any(
        sentence.startswith("Stop 2: ") and fault in sentence for sentence in await stops.faults()
    )


async def test_what_a_stop_sold_and_is_in_no_order_is_found(stops: Stops) -> None:
    await sold(stops)
    async with stops.scene.database.transaction() as tx:
        theirs = OrderRow.client_order_id == (await stops.the_stop()).client_order_id
        order = (await stops.scene.orders())[-1]
        for table in (FillRow, OrderEvent):
            await tx.execute(delete(table).where(table.order_id == order.id))
        await tx.execute(delete(OrderRow).where(theirs))
        await tx.execute(delete(PlanRow).where(PlanRow.resting_stop_id.is_not(None)))
    assert "Stop 2: it is TRIGGERED, and the ledger has no order of it." in await stops.faults()
