"""Does each bot in a trade have one stop at the exchange, and does it sell only once?"""

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import update

from nexus.bots.close import request_close
from nexus.bots.models import Bot, CloseRequest, Holding
from nexus.exchanges.models import SymbolFilter
from nexus.execution.events import OrderMoved
from nexus.execution.rest import tend_stops
from nexus.execution.stop_states import ENDED_BY_OTHERS, SOLD_AT_STOP
from nexus.regime.record import set_switch
from nexus.strategy.border import Action
from tests.execution.stops import STOP, Stops
from tests.scripted import (
    WorkerDiedError,
    end_it,
    kill_worker,
    lose_cancel,
    sell_meanwhile,
)


# ------------------------------------------------------------------------------- it is placed
async def test_a_bot_in_a_trade_gets_one_stop_for_what_it_holds(stops: Stops) -> None:
    bot = await stops.follower()
    held = (await stops.scene.holding(bot)).quantity
    [sent] = stops.sent()
    assert (sent.side, sent.stop_price) == ("sell", STOP)
    assert held - Decimal("0.0001") < sent.quantity <= held
    assert await stops.states() == ["RESTING"]
    await stops.scene.sweep()
    await stops.scene.sweep()
    assert len(stops.sent()) == 1
    assert await stops.scene.free("BTC") == held - sent.quantity


async def test_it_is_written_down_before_it_is_sent(stops: Stops) -> None:
    stops.exchange.next_orders()
    bot = await stops.scene.follower()
    await stops.lead_with(STOP)
    stops.exchange.next_orders(kill_worker(placed=True))
    with pytest.raises(WorkerDiedError):
        await tend_stops(stops.scene.broker, [bot])
    row = await stops.the_stop()
    assert row.status == "PLACING"
    assert [row.client_order_id] == [intent.client_order_id for intent in stops.sent()]


@pytest.mark.parametrize(
    "change",
    ["off", "no stop", "venue cannot", "price is there", "everything stopped", "stopped", "dust"],
)
async def test_no_stop_is_sent_where_none_should_rest(stops: Stops, change: str) -> None:
    scene = stops.scene
    bot = await scene.follower()
    await stops.lead_with(None if change == "no stop" else STOP)
    if change == "off":
        scene.settings = scene.settings.model_copy(update={"resting_stops": False})
    if change == "venue cannot":
        async with scene.database.transaction() as tx:
            await tx.execute(update(SymbolFilter).values(rests_stops=False))
    if change == "price is there":
        await scene.market(STOP)
    if change == "everything stopped":
        async with scene.database.transaction() as tx:
            await set_switch(tx, "everything", stopped=True, reason="test", by="test")
    if change == "stopped":
        await scene.change(Bot, bot, status="stopped")
    if change == "dust":
        async with scene.database.transaction() as tx:
            await tx.execute(update(Holding).values(quantity=Decimal("0.00004")))
    await scene.sweep()
    assert stops.sent() == []


async def test_two_workers_at_once_place_one_stop(stops: Stops) -> None:
    bot = await stops.scene.follower()
    await stops.lead_with(STOP)
    broker = stops.scene.broker
    await asyncio.gather(*(tend_stops(broker, [bot]) for _ in range(4)))
    assert len(stops.sent()) == 1


async def test_a_paused_bot_keeps_its_stop_and_a_stopped_one_does_not(stops: Stops) -> None:
    bot = await stops.follower()
    await stops.scene.change(Bot, bot, status="paused")
    await stops.scene.sweep()
    assert await stops.states() == ["RESTING"]
    await stops.scene.change(Bot, bot, status="stopped")
    await stops.scene.sweep()
    assert await stops.states() == ["CANCELED"]
    assert stops.open_stops() == []
    assert await stops.scene.free("BTC") == (await stops.scene.holding(bot)).quantity


async def test_while_everything_is_stopped_a_stop_stays_as_it_is(stops: Stops) -> None:
    bot = await stops.follower()
    async with stops.scene.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=True, reason="test", by="test")
    await stops.lead_with(STOP + 100)
    await stops.scene.change(Bot, bot, status="stopped")
    await stops.scene.sweep()
    assert await stops.states() == ["RESTING"]
    assert stops.exchange.cancelled == []


async def test_switched_off_every_stop_is_taken_back(stops: Stops) -> None:
    await stops.follower()
    stops.scene.settings = stops.scene.settings.model_copy(update={"resting_stops": False})
    await stops.scene.sweep()
    assert await stops.states() == ["CANCELED"]


# ----------------------------------------------------------------------------- it is replaced
async def test_a_stop_that_moves_is_cancelled_and_placed_anew(stops: Stops) -> None:
    await stops.follower()
    await stops.lead_with(STOP + 500)
    await stops.scene.sweep()
    assert await stops.states() == ["CANCELED", "RESTING"]
    first, second = stops.sent()
    assert (first.stop_price, second.stop_price) == (STOP, STOP + 500)
    assert first.client_order_id != second.client_order_id
    assert len(stops.open_stops()) == 1
    assert [row.generation for row in await stops.rows()] == [1, 2]


async def test_another_layer_makes_the_stop_larger(stops: Stops) -> None:
    bot = await stops.follower()
    await stops.scene.place(await stops.scene.lead(Action.ADD, "0.7"))
    await stops.lead_with(STOP)
    await stops.scene.sweep()
    first, second = stops.sent()
    assert second.quantity > first.quantity
    held = (await stops.scene.holding(bot)).quantity
    assert held - Decimal("0.0001") < second.quantity <= held
    assert await stops.states() == ["CANCELED", "RESTING"]


async def test_a_lost_cancel_is_never_followed_by_a_second_stop(stops: Stops) -> None:
    await stops.follower()
    await stops.lead_with(STOP + 500)
    stops.exchange.cancels = [lose_cancel(done=False), lose_cancel(done=False)]
    await stops.scene.sweep()
    assert await stops.states() == ["CANCELLING"]
    stops.scene.passes(seconds=10)
    await stops.scene.sweep()
    assert len(stops.sent()) == 1
    stops.scene.passes(seconds=10)
    await stops.scene.market()
    await stops.scene.sweep()
    await stops.scene.sweep()
    assert await stops.states() == ["CANCELED", "RESTING"]
    assert len(stops.open_stops()) == 1


# ------------------------------------------------------------------- a sale cancels it first
async def test_an_exit_cancels_the_stop_and_then_sells(stops: Stops) -> None:
    bot = await stops.follower()
    await stops.scene.place(await stops.scene.leave())
    assert await stops.states() == ["CANCELED"]
    assert stops.exchange.cancelled == [stops.sent()[0].client_order_id]
    holding = await stops.scene.holding(bot)
    assert (holding.trade_id, holding.quantity < Decimal("0.0001")) == (None, True)
    assert [plan.status for plan in await stops.scene.plans()] == ["DONE", "DONE"]
    assert stops.open_stops() == []
    await stops.scene.sweep()
    assert len(stops.sent()) == 1
    assert await stops.faults() == []


async def test_a_reduce_cancels_the_stop_sells_a_part_and_a_smaller_one_rests(
    stops: Stops,
) -> None:
    bot = await stops.follower()
    await stops.scene.market()
    await stops.scene.place(await stops.scene.lead(Action.REDUCE, "0.2"))
    await stops.lead_with(STOP)
    await stops.scene.sweep()
    assert await stops.states() == ["CANCELED", "RESTING"]
    held = (await stops.scene.holding(bot)).quantity
    assert stops.sent()[1].quantity <= held < stops.sent()[0].quantity


async def close(stops: Stops, bot: int) -> CloseRequest:
    async with stops.scene.database.transaction() as tx:
        await request_close(tx, bot, by="test", idempotency_key="close")
    await stops.scene.sweep()
    return (await stops.scene.rows(CloseRequest))[0]


async def test_a_close_cancels_the_stop_and_then_sells(stops: Stops) -> None:
    bot = await stops.follower()
    request = await close(stops, bot)
    assert request.outcome == "Everything was sold."
    assert await stops.states() == ["CANCELED"]
    assert (await stops.scene.the_bot(bot)).status == "stopped"


async def test_an_entry_needs_no_cancel(stops: Stops) -> None:
    await stops.follower()
    await stops.scene.place(await stops.scene.lead(Action.ADD, "0.7"))
    assert stops.exchange.cancelled == []
    assert await stops.states() == ["RESTING"]


@pytest.mark.parametrize("done", [True, False])
async def test_a_close_goes_on_after_a_lost_cancel(stops: Stops, done: bool) -> None:  # noqa: FBT001
    bot = await stops.follower()
    stops.exchange.cancels = [lose_cancel(done=done)]
    await close(stops, bot)
    for _ in range(3):
        stops.scene.passes(seconds=6)
        await stops.scene.sweep()
    assert await stops.states() == ["CANCELED"]
    assert (await stops.scene.the_bot(bot)).status == "stopped"
    assert stops.sold() <= (await stops.scene.orders())[0].quantity
    assert await stops.faults() == []


async def test_while_the_exchange_is_away_nothing_is_sold_and_later_all_is(stops: Stops) -> None:
    bot = await stops.follower()
    stops.exchange.cancels = [lose_cancel(done=True)]
    stops.exchange.away = True
    await close(stops, bot)
    stops.scene.passes(seconds=70)
    stops.exchange.cancels = [lose_cancel(done=True)]
    await stops.scene.sweep()
    assert (await stops.states(), stops.sold()) == (["CANCELLING"], Decimal(0))
    stops.exchange.away = False
    stops.scene.passes(seconds=70)
    await stops.scene.sweep()
    await stops.scene.sweep()
    stops.scene.passes(seconds=5)
    await stops.scene.sweep()
    assert (await stops.scene.the_bot(bot)).status == "stopped"


async def test_the_stop_sold_before_its_cancel_arrived(stops: Stops) -> None:
    bot = await stops.follower()
    stops.exchange.cancels = [sell_meanwhile()]
    request = await close(stops, bot)
    assert request.outcome == SOLD_AT_STOP
    assert (await stops.scene.the_bot(bot)).status == "stopped"
    assert stops.sold() == stops.sent()[0].quantity
    assert await stops.states() == ["TRIGGERED"]
    assert await stops.faults() == []


async def test_the_stop_sold_a_part_before_its_cancel_and_only_the_rest_is_sold(
    stops: Stops,
) -> None:
    bot = await stops.follower()
    before = (await stops.scene.holding(bot)).quantity
    stops.exchange.cancels = [sell_meanwhile("0.5")]
    request = await close(stops, bot)
    assert request.outcome == "Everything was sold."
    assert before - Decimal("0.0001") < stops.sold() <= before
    assert await stops.faults() == []


async def test_an_exit_finds_that_the_stop_has_sold(stops: Stops) -> None:
    bot = await stops.follower()
    plans = await stops.scene.leave()
    stops.trigger()
    await stops.scene.place(plans)
    exit_plan = next(plan for plan in await stops.scene.plans() if plan.action == "exit")
    assert (exit_plan.status, exit_plan.reason) == ("DENIED", SOLD_AT_STOP)
    assert (await stops.scene.holding(bot)).trade_id is None
    assert await stops.faults() == []


# ---------------------------------------------------------------------------- it triggers
async def test_what_the_exchange_sold_is_the_bots_exit(stops: Stops) -> None:
    bot = await stops.follower()
    stops.trigger()
    await stops.comes_due()
    holding = await stops.scene.holding(bot)
    assert (holding.trade_id, holding.quantity < Decimal("0.0001")) == (None, True)
    assert await stops.states() == ["TRIGGERED"]
    plan = (await stops.scene.plans())[-1]
    assert (plan.action, plan.status, plan.resting_stop_id) == (
        "stop",
        "DONE",
        (await stops.the_stop()).id,
    )
    order = (await stops.scene.orders())[-1]
    assert (order.status, order.client_order_id) == ("FILLED", stops.sent()[0].client_order_id)
    told = [fact for fact in stops.scene.heard if isinstance(fact, OrderMoved)][-1]
    assert (told.action, told.status, told.quantity) == ("stop", "FILLED", order.quantity)
    assert await stops.faults() == []
    await stops.scene.sweep()
    assert len(stops.sent()) == 1
    assert await stops.scene.free("BTC") == holding.quantity


async def test_a_stop_that_sold_a_part_leaves_the_rest_to_our_own_watch(stops: Stops) -> None:
    bot = await stops.follower()
    stops.trigger("0.5")
    stops.scene.passes(hours=1)
    await stops.scene.market(STOP)
    await stops.scene.sweep()
    assert await stops.states() == ["TRIGGERED"]
    assert (await stops.scene.holding(bot)).trade_id is not None
    assert len(stops.sent()) == 1
    assert await stops.faults() == []


async def test_a_stop_that_somebody_else_ended_is_not_placed_again(stops: Stops) -> None:
    await stops.follower()
    end_it(stops.exchange, stops.sent()[0].client_order_id)
    await stops.comes_due()
    stop = await stops.the_stop()
    assert (stop.status, stop.reason) == ("CANCELED", ENDED_BY_OTHERS)
    await stops.comes_due()
    assert len(stops.sent()) == 1
    await stops.lead_with(STOP + 100)
    await stops.scene.sweep()
    assert len(stops.sent()) == 2
