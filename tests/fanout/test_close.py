"""Does a wish to close end in a sale, once, and say so when it cannot?"""

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import update

from nexus.bots.close import request_close
from nexus.bots.models import Bot, CloseRequest, Holding
from nexus.bots.retry import TRIES
from nexus.bots.start import start_bot, stop_bot
from nexus.exchanges.models import AccountBalance, SymbolFilter
from nexus.exchanges.protocol import VenueStatus
from nexus.fanout.close import TAKEN_BACK, plan_closes
from nexus.market.models import TickerRow
from nexus.regime.record import set_switch
from nexus.strategy.border import Action
from tests.scenes import AT, Scene
from tests.scripted import PRICE, fill, lose_answer, refuse_for_now, reject, take


async def close(scene: Scene, bot_id: int, key: str = "once") -> None:
    async with scene.database.transaction() as tx:
        await request_close(tx, bot_id, by="test", idempotency_key=key)


async def told(scene: Scene, bot_id: int) -> tuple[str, str]:
    bot = await scene.the_bot(bot_id)
    return bot.status, bot.status_reason


async def outcomes(scene: Scene) -> list[str]:
    return [r.outcome for r in await scene.rows(CloseRequest) if r.finished_at is not None]


async def test_it_sells_what_the_bot_holds(scene: Scene) -> None:
    bot = await scene.follower()
    await close(scene, bot)
    await scene.sweep()
    [_, plan] = await scene.plans()
    assert (plan.action, plan.side, plan.quantity) == ("close", "sell", Decimal("0.0079"))
    assert plan.origin == f"close/{plan.close_request_id}/{AT.isoformat()}"
    assert plan.reference_price == PRICE
    assert [order.status for order in await scene.orders()] == ["FILLED", "FILLED"]
    assert await told(scene, bot) == ("stopped", "Everything was sold.")


async def test_it_is_planned_once(scene: Scene) -> None:
    bot = await scene.follower()
    await close(scene, bot)
    async with scene.database.transaction() as tx:
        assert len(await plan_closes(tx, scene.settings)) == 1
    async with scene.database.transaction() as tx:
        assert await plan_closes(tx, scene.settings) == []


async def test_two_sweepers_at_once_plan_it_once(scene: Scene) -> None:
    bot = await scene.follower()
    await close(scene, bot)
    async with (
        asyncio.timeout(10),
        scene.database.transaction() as tx,
        scene.database.transaction() as other,
    ):
        assert len(await plan_closes(tx, scene.settings)) == 1
        assert await plan_closes(other, scene.settings) == []


async def test_a_bot_that_holds_nothing_stops_at_once(scene: Scene) -> None:
    bot = await scene.bot()
    await close(scene, bot)
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "It held nothing.")
    assert await scene.plans() == []


async def test_dust_stays_and_the_bot_stops(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.place(await scene.leave())
    await close(scene, bot)
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "DUST: held=0.000092 needed=0.0001")
    assert len(scene.exchange.journal) == 2


async def test_waiting_entries_are_dropped(scene: Scene) -> None:
    bot = await scene.bot()
    plans = await scene.enter()
    await close(scene, bot)
    await scene.sweep()
    [plan] = await scene.plans()
    assert (plan.status, plan.reason) == ("DENIED", "BOT_CLOSING: its owner is closing it")
    await scene.place(plans)
    assert scene.exchange.received == []
    assert await told(scene, bot) == ("stopped", "It held nothing.")


async def test_the_waiting_entries_of_others_stay(scene: Scene) -> None:
    bot, other = await scene.bot(), await scene.bot()
    await scene.enter()
    await close(scene, bot)
    async with scene.database.transaction() as tx:
        await plan_closes(tx, scene.settings)
    assert [p.status for p in await scene.plans() if p.bot_id == other] == ["PLANNED"]


async def test_it_waits_for_an_order_of_unknown_fate(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(await scene.enter())
    await close(scene, bot)
    await scene.sweep()
    assert (await scene.the_bot(bot)).status == "closing"

    scene.passes(seconds=31)
    await scene.sweep()  # Finds the entry.
    scene.passes(seconds=3)
    await scene.sweep()  # Sells what it brought.
    assert await told(scene, bot) == ("stopped", "Everything was sold.")
    assert (await scene.holding(bot)).quantity == Decimal("0.000092")


async def test_without_a_price_it_waits(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.empty(TickerRow)
    await close(scene, bot)
    await scene.sweep()
    assert (await scene.the_bot(bot)).status == "closing"
    await scene.market()
    scene.passes(seconds=3)
    await scene.sweep()
    assert (await scene.the_bot(bot)).status == "stopped"


async def test_it_needs_no_open_gate(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.market(entries_allowed=False, code="CRASH_GUARD")
    async with scene.database.transaction() as tx:
        await set_switch(tx, "strategy:trend", stopped=True, reason="", by="test")
    await close(scene, bot)
    await scene.sweep()
    assert (await scene.the_bot(bot)).status == "stopped"


async def test_a_halted_symbol_is_tried_again_later(scene: Scene) -> None:
    bot = await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.execute(update(SymbolFilter).values(trading=False))
    await close(scene, bot)
    await scene.sweep()
    assert await told(scene, bot) == (
        "closing", "SYMBOL_NOT_TRADING: symbol=BTC/USDT venue=scripted",
    )  # fmt: skip
    async with scene.database.transaction() as tx:
        await tx.execute(update(SymbolFilter).values(trading=True))
    scene.passes(seconds=16)
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")


async def test_a_refused_sale_is_tried_again_under_a_new_name_and_not_before_its_time(
    scene: Scene,
) -> None:
    bot = await scene.follower()
    scene.exchange.next_orders(reject(-1013, "Filter failure: NOTIONAL"))
    await close(scene, bot)
    await scene.sweep()
    reason = "REJECTED: code=-1013 message=Filter failure: NOTIONAL"
    assert await told(scene, bot) == ("closing", reason)
    assert (await scene.holding(bot)).quantity == Decimal("0.007992")

    scene.passes(seconds=14)
    await scene.sweep()
    assert len(await scene.orders()) == 2
    scene.passes(seconds=2)
    await scene.market()
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")
    assert await outcomes(scene) == [reason, "Everything was sold."]
    [_, first, second] = await scene.orders()
    assert first.client_order_id != second.client_order_id
    assert (first.plan_id, first.attempt, second.attempt) != (second.plan_id, 1, 2)


async def test_after_the_last_try_it_pauses_with_the_reason_and_can_be_asked_again(
    scene: Scene,
) -> None:
    bot = await scene.follower()
    scene.exchange.next_orders(*[reject(-1013, "Filter failure: NOTIONAL")] * TRIES)
    await close(scene, bot)
    for _ in range(TRIES):
        await scene.sweep()
        scene.passes(seconds=3601)
        await scene.market()
    reason = "REJECTED: code=-1013 message=Filter failure: NOTIONAL"
    assert await told(scene, bot) == ("paused", reason)
    assert [r.attempt for r in await scene.rows(CloseRequest)] == list(range(1, TRIES + 1))
    await scene.sweep()
    assert len(await scene.orders()) == 1 + TRIES

    await close(scene, bot, "again")
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")


async def test_a_sale_its_owner_takes_back_is_not_tried_again(scene: Scene) -> None:
    bot = await scene.follower()
    scene.exchange.next_orders(reject(-1013, "Filter failure: NOTIONAL"))
    await close(scene, bot)
    await scene.sweep()
    async with scene.database.transaction() as tx:
        assert await stop_bot(tx, bot, by="test")
    scene.passes(seconds=16)
    await scene.market()
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "")
    assert (await outcomes(scene))[-1] == TAKEN_BACK
    assert len(await scene.orders()) == 2
    assert (await scene.holding(bot)).quantity == Decimal("0.007992")


async def test_a_sale_that_was_not_taken_is_tried_again_by_itself(scene: Scene) -> None:
    bot = await scene.follower()
    scene.exchange.next_orders(refuse_for_now(), fill())
    await close(scene, bot)
    await scene.sweep()
    assert (await scene.the_bot(bot)).status == "closing"
    scene.passes(seconds=5)
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")


async def test_of_a_partly_filled_sale_the_rest_is_sold_by_the_next_try(scene: Scene) -> None:
    bot = await scene.follower()
    scene.exchange.next_orders(take(VenueStatus.EXPIRED, "0.5"))
    await close(scene, bot)
    await scene.sweep()
    assert await told(scene, bot) == ("closing", "Only 0.00395 of 0.0079 was sold.")
    assert (await scene.holding(bot)).quantity == Decimal("0.004042")
    scene.passes(seconds=16)
    await scene.market()
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")
    assert (await scene.plans())[-1].quantity == Decimal("0.004")


async def test_a_sale_the_exchange_ended_is_tried_again_with_the_reason(scene: Scene) -> None:
    bot = await scene.follower()
    scene.exchange.next_orders(take(VenueStatus.EXPIRED))
    await close(scene, bot)
    await scene.sweep()
    assert await told(scene, bot) == (
        "closing", "EXPIRED: the exchange ended the order, nothing was sold",
    )  # fmt: skip


async def test_while_everything_is_stopped_nothing_is_sold_until_a_later_try(
    scene: Scene,
) -> None:
    bot = await scene.follower()
    async with scene.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=True, reason="", by="test")
    await close(scene, bot)
    await scene.sweep()
    assert await told(scene, bot) == ("closing", "STOPPED: switch=everything")
    assert len(scene.exchange.received) == 1
    async with scene.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=False, reason="", by="test")
    scene.passes(seconds=16)
    await scene.market()
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")


async def test_it_sells_no_more_than_is_free(scene: Scene) -> None:
    bot = await scene.follower()
    async with scene.database.transaction() as tx:
        await tx.execute(
            update(AccountBalance)
            .where(AccountBalance.asset == "BTC")
            .values(free=Decimal("0.002"))
        )
    await close(scene, bot)
    await scene.sweep()
    assert (await scene.plans())[-1].quantity == Decimal("0.002")


@pytest.mark.parametrize("held", ["the trade", "dust"])
async def test_a_closed_bot_follows_again_from_the_next_entry(scene: Scene, held: str) -> None:
    """Started again in the middle of the trade it was closed in, it does not fall back into it."""
    bot = await scene.follower()
    if held == "dust":
        async with scene.database.transaction() as tx:
            await tx.execute(update(Holding).values(quantity=Decimal("0.00001"), cost=1))
    await close(scene, bot)
    await scene.sweep()
    async with scene.database.transaction() as tx:
        assert await start_bot(tx, bot, by="test")
    await scene.market()
    assert await scene.lead(Action.ADD, "0.7") == []
    assert (await scene.plans())[-1].reason.startswith("NOT_IN_TRADE")
    await scene.decide(Action.EXIT, "0")
    assert len(await scene.enter()) == 1


async def test_a_close_asked_for_anew_ends_the_one_that_was_never_sent(scene: Scene) -> None:
    """Told to stop and keep in between: the first sale is dropped, and its wish must not hang."""
    bot = await scene.follower()
    await close(scene, bot, "first")
    async with scene.database.transaction() as tx:
        assert len(await plan_closes(tx, scene.settings)) == 1
    await scene.change(Bot, bot, status="stopped")
    await close(scene, bot, "second")
    await scene.sweep()
    assert await told(scene, bot) == ("stopped", "Everything was sold.")
    assert await outcomes(scene) == [
        "You asked again before anything was sold.", "Everything was sold.",
    ]  # fmt: skip
    assert [order.side for order in await scene.orders()] == ["buy", "sell"]
