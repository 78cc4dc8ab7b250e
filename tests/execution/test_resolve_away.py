"""What becomes of an order whose worker died, when the exchange cannot be asked about it?"""

import pytest

from nexus.execution.resolve import ASKING
from tests.execution.test_claim import plan_by_hand
from tests.scenes import Scene
from tests.scripted import WorkerDiedError, kill_worker


async def test_it_is_called_unknown_and_asked_about_again(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(kill_worker(placed=True))
    with pytest.raises(WorkerDiedError):
        await scene.place(await scene.enter())
    scene.passes(seconds=30)
    scene.exchange.away = True
    await scene.ask()
    [order] = await scene.orders()
    assert (order.status, order.reason, order.checks) == ("UNKNOWN", "UNKNOWN: not asked yet", 0)
    assert order.next_check_at == scene.hands.at + ASKING
    scene.exchange.away = False
    scene.hands.at += ASKING
    await scene.ask()
    [order] = await scene.orders()
    assert order.status == "FILLED"
    assert (await scene.holding(bot)).quantity > 0


async def test_it_does_not_keep_the_other_orders_of_its_account_waiting(scene: Scene) -> None:
    account = await scene.account(await scene.person())
    await scene.bot(account)
    beside = await scene.bot(account, strategy="another")
    scene.exchange.next_orders(kill_worker(placed=True))
    with pytest.raises(WorkerDiedError):
        await scene.place(await scene.enter())
    waiting = await plan_by_hand(scene, beside)
    await scene.place(waiting)
    assert len(scene.exchange.received) == 1
    scene.passes(seconds=30)
    scene.exchange.away = True
    await scene.ask()
    await scene.market()
    await scene.place(waiting)
    assert len(scene.exchange.received) == 2
