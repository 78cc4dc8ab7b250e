"""Is a decision cut into jobs that several workers can share, each doing its own part?"""

import pytest

from nexus.execution import send
from nexus.execution.jobs import orders_of, place_orders, questions_about, resolve_orders
from tests.scenes import Scene
from tests.scripted import lose_answer


def test_plans_are_cut_into_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    rings = list(orders_of([1, 2, 3, 4, 5]))
    assert [ring.job for ring in rings] == [place_orders] * 3
    assert [ring.kwargs for ring in rings] == [
        {"plan_ids": [1, 2]}, {"plan_ids": [3, 4]}, {"plan_ids": [5]},
    ]  # fmt: skip


def test_questions_are_cut_into_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    rings = list(questions_about([7, 8, 9]))
    assert [ring.job for ring in rings] == [resolve_orders] * 2
    assert [ring.kwargs for ring in rings] == [{"order_ids": [7, 8]}, {"order_ids": [9]}]


def test_nothing_to_do_is_no_job() -> None:
    assert [*orders_of([]), *questions_about([])] == []


async def test_the_jobs_do_it(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=True))
    plans = await scene.enter()
    await scene.bell.ring(*orders_of(plans))
    await scene.answer_rings()
    [order] = await scene.orders()
    assert order.status == "UNKNOWN"
    scene.passes(seconds=30)
    await scene.bell.ring(*questions_about([order.id]))
    await scene.answer_rings()
    assert (await scene.orders())[0].status == "FILLED"
