"""Does an order that nobody can be asked about at least say that it is unknown?"""

from tests.execution.test_resolve import BOUGHT, died, the_order
from tests.scenes import Scene


async def test_an_order_of_a_dead_worker_that_nobody_can_ask_about_is_unknown(
    scene: Scene,
) -> None:
    """A revoked key may never answer again, and it must not look as if it were being sent."""
    bot = await died(scene, placed=True)
    scene.exchange.away = True
    scene.passes(seconds=29)
    await scene.sweep()
    assert (await the_order(scene)).status == "SENDING"
    scene.passes(seconds=2)
    await scene.sweep()
    order = await the_order(scene)
    assert (order.status, order.checks) == ("UNKNOWN", 0)

    scene.exchange.away = False
    scene.passes(seconds=61)
    await scene.sweep()
    assert (await scene.holding(bot)).quantity == BOUGHT
