"""Is a sale that cannot be whole, or cannot be now, finished later and never called done?"""

from decimal import Decimal

import pytest
from sqlalchemy import update

from nexus.bots.models import Holding
from nexus.exchanges.models import SymbolFilter
from nexus.strategy.border import Action
from tests.fanout.test_close import close, told
from tests.scenes import AT, Scene
from tests.scripted import reject


async def test_those_that_must_wait_hold_up_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nexus.fanout.close.MOST", 2)
    await scene.market()
    waiting = [await scene.bot(symbol="ETH/USDT") for _ in range(3)]  # It has no price here.
    async with scene.database.transaction() as tx:
        for bot in waiting:
            tx.add(Holding(bot_id=bot, quantity=1, cost=1, realised=0, layers=1, updated_at=AT))
    for n, bot in enumerate(waiting):
        await close(scene, bot, key=f"waits {n}")
    bot = await scene.follower()
    await close(scene, bot)
    for _ in range(3):
        await scene.sweep()
        scene.passes(seconds=3)
    assert await told(scene, bot) == ("stopped", "Everything was sold.")
    assert {(await scene.the_bot(one)).status for one in waiting} == {"closing"}


async def test_more_than_one_order_may_sell_is_sold_by_the_next_tries(scene: Scene) -> None:
    bot = await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.execute(update(SymbolFilter).values(max_quantity=Decimal("0.003")))
    await close(scene, bot)
    await scene.sweep()
    assert await told(scene, bot) == ("closing", "Only 0.003 of 0.0079 was sold.")
    assert (await scene.holding(bot)).trade_id is not None, "it is still in the trade"
    for _ in range(3):
        scene.passes(minutes=6)
        await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")
    sold = [order.executed_quantity for order in await scene.orders() if order.side == "sell"]
    assert sold == [Decimal("0.003"), Decimal("0.003"), Decimal("0.0019")]
    assert (await scene.holding(bot)).trade_id is None


async def test_who_presses_again_has_the_next_try_at_once(scene: Scene) -> None:
    bot = await scene.follower()
    scene.exchange.next_orders(reject(-1013), reject(-1013), reject(-1013))
    await close(scene, bot)
    await scene.sweep()
    for _ in range(2):
        scene.passes(minutes=1)
        await scene.sweep()
    tried = len(await scene.orders())
    await scene.sweep()
    assert len(await scene.orders()) == tried, "the next try is minutes away"
    await close(scene, bot, key="again")
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")


async def test_an_exit_that_could_not_sell_all_leaves_the_bot_in_its_trade(scene: Scene) -> None:
    bot = await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.execute(update(SymbolFilter).values(max_quantity=Decimal("0.003")))
    await scene.place(await scene.lead(Action.EXIT, "0"))
    assert (await scene.holding(bot)).trade_id is not None
