"""Is every difference between the ledger and its events found, and none where there is none?"""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from nexus.bots.models import Holding
from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.exchanges.protocol import VenueStatus
from nexus.execution import verify, verify_holdings
from nexus.execution.models import FillRow, OrderEvent, OrderRow
from nexus.execution.verify import Tally, verify_ledger
from nexus.fanout.models import PlanRow
from tests.execution.campaign import run_campaign
from tests.scenes import AT, Scene
from tests.scripted import refuse_for_now, take


async def differences(scene: Scene, tally: Tally | None = None) -> list[str]:
    async with scene.database.transaction() as tx:
        return [sentence async for sentence in verify_ledger(tx, tally or Tally())]


async def execute(scene: Scene, statement: Any) -> None:
    async with scene.database.transaction() as tx:
        await tx.execute(statement)


async def test_a_whole_campaign_verifies(scene: Scene) -> None:
    await run_campaign(scene)
    tally = Tally()
    assert await differences(scene, tally) == []
    # It proves little if little happened.
    orders = Counter(order.status for order in await scene.orders())
    plans = Counter(plan.status for plan in await scene.plans())
    assert orders.keys() == {"FILLED", "CANCELED", "EXPIRED", "REJECTED", "NOT_PLACED"}
    assert plans.keys() == {"DONE", "DENIED", "EXPIRED_UNSENT"}
    assert any(plan.reason.startswith("BOT_CLOSING: its owner") for plan in await scene.plans())
    assert any(plan.attempt == 2 for plan in await scene.plans())
    assert {"UNKNOWN", "ACKED"} <= set(await scene.events())
    assert (tally.plans, tally.orders) == (sum(plans.values()), sum(orders.values()))
    assert tally.holdings == len(await scene.rows(Holding))


async def test_batches_of_any_size_find_the_same(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run_campaign(scene)
    await execute(scene, update(OrderRow).values(executed_quote=OrderRow.executed_quote + 1))
    await execute(scene, update(Holding).values(cost=Holding.cost + 1))
    all_at_once = await differences(scene)
    monkeypatch.setattr(verify, "AT_ONCE", 3)
    monkeypatch.setattr(verify_holdings, "AT_ONCE", 3)
    assert await differences(scene) == all_at_once
    assert len(all_at_once) > 10


@pytest.fixture
async def one_order(database: Database) -> AsyncIterator[Scene]:
    """Give a scene with one order that was acknowledged, asked about and then filled."""
    hands = SetClock(AT)
    with use(hands):
        scene = Scene(database, hands)
        await scene.bot()
        scene.exchange.next_orders(take(VenueStatus.NEW))
        await scene.place(await scene.enter())
        scene.passes(seconds=6)
        await scene.ask()
        [order] = scene.exchange.received
        scene.exchange.moves_on(order.client_order_id, VenueStatus.FILLED)
        scene.passes(seconds=6)
        await scene.ask()
        assert await scene.events() == ["SENDING", "ACKED", "ACKED", "FILLED"]
        assert await differences(scene) == []
        yield scene


TAMPERED = {
    "order status": (update(OrderRow).values(status="CANCELED"), "Order 1: its status is"),
    "order executed": (
        update(OrderRow).values(executed_quantity=Decimal("0.004")),
        "Order 1: its executed_quantity is 0.004, its events say 0.008.",
    ),
    "order turnover": (
        update(OrderRow).values(executed_quote=1),
        "Order 1: its executed_quote is 1, its events say 400.",
    ),
    "order quantity": (
        update(OrderRow).values(quantity=1),
        "Order 1: its quantity is 1, its events say 0.008.",
    ),
    "order attempt": (
        update(OrderRow).values(attempt=2),
        "Order 1: its attempt is 2, its events say 1.",
    ),
    "order name": (update(OrderRow).values(client_order_id="nx-x"), "Order 1: its client_order_id"),
    "order venue name": (
        update(OrderRow).values(exchange_order_id="y"),
        "Order 1: its exchange_order_id is 'y', its events say 'x-1'.",
    ),
    "order side": (update(OrderRow).values(side="sell"), "Order 1: its side is not that of"),
    "order reason": (update(OrderRow).values(reason="X"), "Order 1: its reason is 'X'"),
    "plan status": (
        update(PlanRow).values(status="PLANNED"),
        "Plan 1: its status is 'PLANNED', its events say 'DONE'.",
    ),
    "plan denied": (
        update(PlanRow).values(status="DENIED", reason="BOT_CLOSING: its owner is closing it"),
        "Plan 1: its status is DENIED because its bot was told to close, and nothing told so.",
    ),
    "plan attempts": (
        update(PlanRow).values(attempt=0),
        "Plan 1: its attempt is 0, its events say 1.",
    ),
    "plan and order quantity": (
        text("WITH p AS (UPDATE execution_plans SET quantity = 1) UPDATE orders SET quantity = 1"),
        "Order 1: its quantity is 1, its events say 0.008.",
    ),
    "event removed first": (
        delete(OrderEvent).where(OrderEvent.status == "SENDING"),
        "Order 1: its first event, 2, is ACKED and not SENDING.",
    ),
    "event removed between": (
        delete(OrderEvent).where(OrderEvent.id == 3),
        "Order 1: event 4 does not follow the one before it: one is missing or added.",
    ),
    "event removed last": (
        delete(OrderEvent).where(OrderEvent.status == "FILLED"),
        "Order 1: its status is 'FILLED', its events say 'ACKED'.",
    ),
    "events all removed": (delete(OrderEvent), "Order 1: it has no events."),
    "event changed": (
        update(OrderEvent).where(OrderEvent.id == 4).values(status="REJECTED"),
        "Order 1: its status is 'FILLED', its events say 'REJECTED'.",
    ),
    "event time changed": (
        update(OrderEvent).where(OrderEvent.id == 2).values(at=AT - timedelta(seconds=1)),
        "Order 1: event 3 does not follow the one before it: one is missing or added.",
    ),
    "fill removed": (
        delete(FillRow),
        "Order 1: its executed_quantity is 0.008000000000, its fills say 0.",
    ),
    "fill changed": (
        update(FillRow).values(quantity=Decimal("0.007")),
        "Order 1: its executed_quantity is 0.008000000000, its fills say 0.007000000000.",
    ),
    "fill price": (update(FillRow).values(price=1), "Order 1: its executed_quote is 400.0000"),
    "fill of another side": (update(FillRow).values(side="sell"), "Order 1: the side of its fill"),
    "fill fee": (update(FillRow).values(fee=0), "Holding of bot 1: its quantity is 0.007992"),
    "holding": (
        update(Holding).values(quantity=1),
        "Holding of bot 1: its quantity is 1.000000000000, its fills say 0.007992000000.",
    ),
    "holding cost": (update(Holding).values(cost=1), "Holding of bot 1: its cost is 1.0000"),
    "holding result": (update(Holding).values(realised=-1), "Holding of bot 1: its realised is -1"),
    "holding removed": (delete(Holding), "Holding of bot 1: it is missing"),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_whatever_was_changed_is_found(one_order: Scene, what: str) -> None:
    statement, sentence = TAMPERED[what]
    await execute(one_order, statement)
    found = await differences(one_order)
    assert [one for one in found if one.startswith(sentence)], found


@pytest.mark.parametrize(
    ("status", "order_id", "sentence"),
    [
        ("FILLED", 1, "Order 1: event 5 comes after its end and says nothing new."),
        ("ACKED", 1, "Order 1: event 5 takes it from FILLED to ACKED."),
        ("SENDING", 1, "Order 1: event 5 sends it again."),
        ("DENIED", None, "Plan 1: its status is 'DONE', its events say 'DENIED'."),
    ],
)
async def test_an_event_that_was_added_is_found(
    one_order: Scene, status: str, order_id: int | None, sentence: str
) -> None:
    event = OrderEvent(
        plan_id=1, order_id=order_id, at=one_order.hands.at, status=status, detail={}
    )
    async with one_order.database.transaction() as tx:
        tx.add(event)
    assert sentence in await differences(one_order)


async def test_an_event_that_looks_like_the_last_but_one_is_found(one_order: Scene) -> None:
    copy = text(
        "INSERT INTO order_events (plan_id, order_id, at, status, detail)"
        " SELECT plan_id, order_id, at, status, detail FROM order_events WHERE id = 4"
    )
    await execute(one_order, copy)
    found = await differences(one_order)
    assert any("event 5 does not follow the one before it" in one for one in found), found


async def test_a_plan_that_waits_for_another_attempt_verifies(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(refuse_for_now(retry_after=30))
    await scene.place(await scene.enter())
    assert [plan.status for plan in await scene.plans()] == ["PLANNED"]
    assert await differences(scene) == []
    await execute(scene, update(PlanRow).values(status="DONE"))
    assert await differences(scene) == ["Plan 1: its status is 'DONE', its events say 'PLANNED'."]


async def test_a_refusal_that_nobody_wrote_down_is_found(scene: Scene) -> None:
    await scene.bot()
    await scene.enter()
    assert await differences(scene) == []
    await execute(scene, update(PlanRow).values(status="DENIED", reason="STOPPED: switch=x"))
    assert await differences(scene) == ["Plan 1: its status is DENIED, and no event says so."]


async def test_a_refusal_is_compared_with_its_reason(scene: Scene) -> None:
    bot = await scene.bot()
    plans = await scene.enter()
    await execute(scene, text(f"UPDATE bots SET status = 'paused' WHERE id = {bot}"))  # noqa: S608
    await scene.place(plans)
    assert await differences(scene) == []
    await execute(scene, update(PlanRow).values(reason="NO_TIER: x"))
    assert await differences(scene) == [
        "Plan 1: its reason is 'NO_TIER: x', its events say 'BOT_PAUSED: status=paused'."
    ]


async def test_events_from_before_are_compared_as_far_as_they_say(one_order: Scene) -> None:
    older = text("UPDATE order_events SET detail = detail - 'plan' - 'after' - 'quantity'")
    await execute(one_order, older)
    assert await differences(one_order) == []
    await execute(one_order, update(OrderRow).values(quantity=1))
    assert "Order 1: its quantity is 1, its events say 0.008." in await differences(one_order)


async def test_it_reads_one_moment_while_orders_go_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "AT_ONCE", 1)
    for _ in range(3):
        await scene.bot()
    await scene.place(await scene.enter())
    await execute(scene, update(OrderRow).where(OrderRow.id == 1).values(reason="X"))
    async with scene.database.transaction() as tx:
        tally = Tally()
        found = verify_ledger(tx, tally)
        assert (await anext(found)).startswith("Order 1: its reason")
        scene.passes(hours=1)
        await scene.place(await scene.leave())
        assert len(await scene.orders()) == 6
        assert [sentence async for sentence in found] == []
    assert (tally.plans, tally.orders, tally.holdings) == (3, 3, 3)
