"""Does one sweep take up everything that is not at its end?"""

from decimal import Decimal

from nexus.bots.close import request_close
from nexus.pipeline.jobs import sweep
from tests.scenes import Scene
from tests.scripted import lose_answer


async def test_all_that_is_left_is_taken_up_at_once(scene: Scene) -> None:
    closing, unknown, lost = [await scene.bot() for _ in range(3)]
    first, second, _ = await scene.enter()
    await scene.place([first])
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place([second])
    async with scene.database.transaction() as tx:
        await request_close(tx, closing, by="test", idempotency_key="1")
    scene.passes(seconds=30)
    await scene.market()
    await sweep.function({"broker": scene.broker})
    rung = {ring.job.name: [len(ids) for ids in ring.kwargs.values()] for ring in scene.bell.rings}
    assert rung == {"execution.place_orders": [2], "execution.resolve_orders": [1]}
    await scene.answer_rings()
    assert (await scene.the_bot(closing)).status == "stopped"
    held = [(await scene.holding(bot)).quantity for bot in (unknown, lost)]
    assert held == [Decimal("0.007992")] * 2
    assert len(scene.exchange.journal) == 4


async def test_a_bell_that_always_loses_its_rings_delays_but_loses_nothing(scene: Scene) -> None:
    for _ in range(5):
        await scene.bot()
    await scene.enter()
    scene.passes(seconds=3)
    for _ in range(5):
        await sweep.function({"broker": scene.broker})
        scene.bell.rings.clear()
    await scene.sweep()
    await scene.sweep()
    assert len(scene.exchange.received) == 5


async def test_the_same_ring_ten_times_orders_once(scene: Scene) -> None:
    for _ in range(5):
        await scene.bot()
    await scene.enter()
    scene.passes(seconds=3)
    for _ in range(10):
        await sweep.function({"broker": scene.broker})
    assert len(scene.bell.rings) == 10
    await scene.answer_rings()
    assert len(scene.exchange.received) == 5


async def test_nothing_to_do_rings_nothing(scene: Scene) -> None:
    await scene.follower()
    scene.passes(seconds=30)
    await sweep.function({"broker": scene.broker})
    assert scene.bell.rings == []
