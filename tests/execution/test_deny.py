"""Does what is refused right before the signature end as our own denial, with its reason?"""

from nexus.execution.events import OrderMoved
from tests.scenes import Scene
from tests.scripted import refuse_for_good

REASON = "DAILY_CAP: spent=900 order=400 cap=1000"


async def test_what_the_guard_refuses_is_denied_and_not_tried_again(scene: Scene) -> None:
    scene.exchange.next_orders(refuse_for_good(REASON))
    await scene.bot()
    await scene.place(await scene.enter())
    [order], [plan] = await scene.orders(), await scene.plans()
    assert order.status == "NOT_PLACED"
    assert (plan.status, plan.reason) == ("DENIED", REASON)
    assert await scene.fills() == []
    [told] = [fact for fact in scene.heard if isinstance(fact, OrderMoved)]
    assert told.reason == REASON
