"""Is every plan that may go sent exactly once, whatever happens around it?"""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from nexus.exchanges.models import ExchangeAccount
from nexus.execution import send
from nexus.fanout.plan import plan_for_bots
from nexus.strategy.border import Action, Decision
from tests.scenes import Scene
from tests.scripted import (
    VENUE,
    ScriptedExchange,
    WorkerDiedError,
    fill,
    kill_worker,
    lose_answer,
    refuse_for_now,
)


async def test_a_hundred_orders_are_sent_once_each(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "BATCH", 7)
    for _ in range(20):
        await scene.bot()
    await scene.place(await scene.enter())
    assert len(scene.exchange.received) == len(scene.exchange.journal) == 20
    assert {order.client_order_id for order in await scene.orders()} == set(scene.exchange.journal)
    assert {plan.status for plan in await scene.plans()} == {"DONE"}


async def test_the_same_job_twice_at_once_sends_once(scene: Scene) -> None:
    for _ in range(10):
        await scene.bot()
    plans = await scene.enter()
    await asyncio.gather(scene.place(plans), scene.place(plans))
    await scene.place(plans)
    assert len(scene.exchange.received) == 10


async def test_the_orders_of_one_account_follow_each_other(scene: Scene) -> None:
    account = await scene.account(await scene.person())
    await scene.bot(account)
    await scene.bot(account, strategy="another")
    plans = await scene.enter()
    decision_id, proposal = await scene.decide(Action.ADD, "0.7")
    async with scene.database.transaction() as tx:
        as_another = replace(
            proposal, strategy="another", decision=Decision(Action.ENTER, Decimal("0.4"), 1)
        )
        plans += await plan_for_bots(tx, decision_id, as_another, scene.settings)
    assert len(plans) == 2
    await scene.place(plans)
    assert [order.status for order in await scene.orders()] == ["FILLED", "FILLED"]
    assert await scene.events() == ["SENDING", "FILLED", "SENDING", "FILLED"]


async def test_each_venue_gets_its_own_orders(scene: Scene) -> None:
    await scene.bot()
    second = await scene.bot()
    plans = await scene.enter()
    await scene.change(ExchangeAccount, (await scene.the_bot(second)).account_id, venue="other")
    other = ScriptedExchange()
    venues = {VENUE: scene.exchange, "other": other}
    await send.place_orders(replace(scene.broker, venues=venues), plans)
    assert len(scene.exchange.journal) == len(other.journal) == 1


async def test_what_the_others_get_does_not_depend_on_one(scene: Scene) -> None:
    bots = [await scene.bot() for _ in range(4)]
    scene.exchange.next_orders(fill(), lose_answer(placed=False), refuse_for_now(), fill())
    await scene.place(await scene.enter())
    assert [order.status for order in await scene.orders()] == [
        "FILLED", "UNKNOWN", "NOT_PLACED", "FILLED",
    ]  # fmt: skip
    held = [(await scene.holding(bot)).quantity for bot in bots]
    assert held == [Decimal("0.007992"), 0, 0, Decimal("0.007992")]


async def test_a_worker_that_dies_leaves_what_was_sent_and_what_was_not(scene: Scene) -> None:
    for _ in range(3):
        await scene.bot()
    plans = await scene.enter()
    scene.exchange.next_orders(fill(), kill_worker(placed=True))
    with pytest.raises(WorkerDiedError):
        await scene.place(plans)
    assert [order.status for order in await scene.orders()] == ["SENDING"] * 3

    await scene.place(plans)  # The job runs again: nothing is sent a second time.
    assert len(scene.exchange.received) == 2
    scene.passes(seconds=30)
    await scene.sweep()
    assert [order.status for order in await scene.orders()] == ["FILLED", "FILLED", "UNKNOWN"]
    assert len(scene.exchange.received) == 2
