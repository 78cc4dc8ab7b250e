"""Is what an exit did not sell sold later, by nobody who was told to keep it, and never twice?"""

from decimal import Decimal

import pytest
from sqlalchemy import update

from nexus.bots.models import Bot, CloseRequest
from nexus.bots.retry import TRIES
from nexus.bots.start import stop_bot
from nexus.exchanges.models import ExchangeAccount, SymbolFilter
from nexus.exchanges.protocol import VenueStatus
from nexus.fanout.models import PlanRow
from nexus.regime.record import set_switch
from tests.fanout.test_close import close, told
from tests.scenes import Scene
from tests.scripted import Act, refuse_for_now, reject, take

LEFT = Decimal("0.000092")
"""What the exchange's steps leave of a position of 0.007992."""


async def switch(scene: Scene, name: str, *, stopped: bool) -> None:
    async with scene.database.transaction() as tx:
        await set_switch(tx, name, stopped=stopped, reason="", by="test")


async def a_while(scene: Scene, sweeps: int = 4) -> None:
    for _ in range(sweeps):
        scene.passes(seconds=31)
        await scene.market()
        await scene.sweep()


async def failed_exit(scene: Scene, *acts: Act, **values: object) -> int:
    """Let a bot enter, and then fail to leave."""
    bot = await scene.follower(**values)
    scene.exchange.next_orders(*(acts or (refuse_for_now(-1021), refuse_for_now(-1021))))
    await scene.place(await scene.leave())
    scene.passes(seconds=5)
    await scene.sweep()
    assert (await scene.holding(bot)).quantity > LEFT
    return bot


@pytest.mark.parametrize(
    "acts",
    [
        (refuse_for_now(-1021), refuse_for_now(-1021)),
        (reject(-1013),),
        (take(VenueStatus.EXPIRED, "0.25"),),
        (take(VenueStatus.EXPIRED),),
    ],
    ids=["not placed", "rejected", "sold in part", "not sold"],
)
async def test_what_an_exit_did_not_sell_is_sold_and_the_bot_goes_on(
    scene: Scene, acts: tuple[Act, ...]
) -> None:
    bot = await failed_exit(scene, *acts)
    await a_while(scene)
    assert await told(scene, bot) == ("running", "")
    holding = await scene.holding(bot)
    assert (holding.quantity <= LEFT, holding.trade_id) == (True, None)
    sent = len(scene.exchange.received)
    await a_while(scene)
    assert len(scene.exchange.received) == sent, "once"


async def test_a_paused_bot_stays_paused(scene: Scene) -> None:
    bot = await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.execute(update(ExchangeAccount).values(status="exits_only"))
    scene.exchange.next_orders(reject(-1013))
    await scene.change(Bot, bot, status="paused")
    await scene.place(await scene.leave())
    await a_while(scene)
    assert await told(scene, bot) == ("paused", "")
    assert (await scene.holding(bot)).quantity == LEFT


async def test_an_exit_larger_than_one_order_is_finished(scene: Scene) -> None:
    bot = await scene.follower()
    decided = await scene.leave()
    async with scene.database.transaction() as tx:
        await tx.execute(update(SymbolFilter).values(max_quantity=Decimal("0.003")))
        await tx.execute(update(PlanRow).where(PlanRow.id.in_(decided)).values(quantity="0.003"))
    await scene.place(decided)
    for _ in range(6):
        scene.passes(minutes=6)
        await scene.sweep()
    assert await told(scene, bot) == ("running", "")
    assert (await scene.holding(bot)).quantity == LEFT


@pytest.mark.parametrize("name", ["everything", "strategy:trend"])
async def test_no_stop_is_passed_and_after_it_the_rest_is_sold(scene: Scene, name: str) -> None:
    bot = await scene.follower()
    plans = await scene.leave()
    await switch(scene, name, stopped=True)
    await scene.place(plans)
    await a_while(scene)
    assert (await scene.plans())[-1].reason == f"STOPPED: switch={name}"
    assert len(scene.exchange.received) == 1
    await switch(scene, name, stopped=False)
    await a_while(scene)
    assert await told(scene, bot) == ("running", "")
    assert (await scene.holding(bot)).quantity == LEFT


async def test_who_was_told_to_keep_it_keeps_it(scene: Scene) -> None:
    bot = await failed_exit(scene)
    async with scene.database.transaction() as tx:
        assert await stop_bot(tx, bot, by="test")
    await a_while(scene)
    assert await scene.rows(CloseRequest) == []


async def test_an_account_that_cannot_sell_is_waited_for(scene: Scene) -> None:
    bot = await failed_exit(scene)
    account = (await scene.the_bot(bot)).account_id
    await scene.change(ExchangeAccount, account, status="key_invalid")
    await a_while(scene)
    assert await scene.rows(CloseRequest) == []
    await scene.change(ExchangeAccount, account, status="active")
    await a_while(scene)
    assert await told(scene, bot) == ("running", "")


async def test_whoever_asks_for_a_close_meanwhile_has_it(scene: Scene) -> None:
    bot = await failed_exit(scene)
    scene.exchange.next_orders(reject(-1013))
    scene.passes(seconds=31)
    await scene.sweep()
    await scene.sweep()
    assert (await scene.the_bot(bot)).status == "closing"
    await close(scene, bot)
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")


async def test_in_the_end_it_pauses_and_says_why(scene: Scene) -> None:
    bot = await failed_exit(scene)
    scene.exchange.next_orders(*[reject(-1013)] * TRIES)
    for _ in range(TRIES + 2):
        scene.passes(minutes=61)
        await scene.sweep()
        await scene.sweep()
    assert (await scene.the_bot(bot)).status == "paused"
    assert (await told(scene, bot))[1].startswith("REJECTED")
    assert len(await scene.rows(CloseRequest)) == TRIES
