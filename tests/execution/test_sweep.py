"""Does the sweeper see every row that is not at its end, and no other?"""

from datetime import timedelta

import pytest

from nexus.execution import sweep
from nexus.execution.sweep import RING_LOST_AFTER, orders_to_ask_about, waiting_plans
from nexus.fanout.models import PlanRow
from tests.scenes import AT, Scene
from tests.scripted import lose_answer, reject


async def waiting(scene: Scene) -> list[int]:
    async with scene.database.transaction() as tx:
        return await waiting_plans(tx)


async def unknown(scene: Scene) -> list[int]:
    async with scene.database.transaction() as tx:
        return await orders_to_ask_about(tx)


async def test_a_ring_has_a_moment_to_be_heard(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    assert await waiting(scene) == []
    scene.hands.at += RING_LOST_AFTER
    assert await waiting(scene) == plans


async def test_plans_that_are_due_later_or_at_their_end_are_not_rung(scene: Scene) -> None:
    for _ in range(3):
        await scene.bot()
    scene.exchange.next_orders(reject(), lose_answer(placed=False))
    first, second, third = await scene.enter()
    await scene.place([first, second])
    await scene.change(PlanRow, third, not_before=AT + timedelta(seconds=30))
    scene.passes(seconds=31)
    assert await waiting(scene) == []
    scene.passes(seconds=1)
    assert await waiting(scene) == [third]


async def test_orders_are_asked_about_when_they_are_due(scene: Scene) -> None:
    for _ in range(3):
        await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=False, exists=True), lose_answer(placed=False))
    await scene.place(await scene.enter())
    first, second, _ = await scene.orders()
    assert await unknown(scene) == [first.id]
    scene.passes(seconds=30)
    assert await unknown(scene) == [first.id, second.id]


async def test_it_takes_so_many_at_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        await scene.bot()
    plans = await scene.enter()
    scene.passes(seconds=2)
    monkeypatch.setattr(sweep, "AT_ONCE", 2)
    assert await waiting(scene) == plans[:2]
