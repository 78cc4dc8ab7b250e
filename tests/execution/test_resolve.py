"""Is every order of unknown fate found again, by asking and never by sending?"""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from nexus.exchanges.protocol import Accepted, Account, Report, VenueStatus
from nexus.execution import resolve
from nexus.execution.models import OrderRow
from nexus.execution.record import news_of_sending, record_news
from nexus.execution.resolve import resolve_orders
from nexus.execution.states import LATE_CHECKS
from nexus.strategy.border import Action
from tests.scenes import AT, Scene
from tests.scripted import WorkerDiedError, kill_worker, lose_answer, take

BOUGHT = Decimal("0.007992")


async def lost(scene: Scene, *, placed: bool) -> int:
    """Let one order of a new bot get lost: the bot."""
    bot = await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=placed))
    await scene.place(await scene.enter())
    return bot


async def died(scene: Scene, *, placed: bool) -> int:
    """Let the worker die before its order arrives, or after: the bot."""
    bot = await scene.bot()
    scene.exchange.next_orders(kill_worker(placed=placed))
    with pytest.raises(WorkerDiedError):
        await scene.place(await scene.enter())
    return bot


async def the_order(scene: Scene) -> OrderRow:
    [order] = await scene.orders()
    return order


async def until_given_up(scene: Scene) -> None:
    for seconds in (30, 30, 60, 180):
        scene.passes(seconds=seconds)
        await scene.sweep()


async def test_a_worker_that_died_before_sending(scene: Scene) -> None:
    bot = await died(scene, placed=False)
    moments = []
    for seconds in range(10, 400, 10):
        scene.passes(seconds=10)
        before = len(scene.exchange.asked)
        await scene.sweep()
        if len(scene.exchange.asked) > before:
            moments.append(seconds)
    assert moments == [30, 60, 120, 300]
    order, [plan] = await the_order(scene), await scene.plans()
    assert order.reason == "NOT_PLACED: the exchange does not know it"
    assert (plan.status, plan.reason) == ("DONE", order.reason)
    assert (await scene.holding(bot)).quantity == 0
    assert await scene.events() == ["SENDING", "UNKNOWN", "UNKNOWN", "UNKNOWN", "NOT_PLACED"]
    assert len(scene.exchange.received) == 1


async def test_a_worker_that_died_after_sending(scene: Scene) -> None:
    bot = await died(scene, placed=True)
    scene.passes(seconds=29)
    await scene.sweep()
    assert scene.exchange.asked == []
    scene.passes(seconds=1)
    await scene.sweep()
    await scene.sweep()
    order, [plan] = await the_order(scene), await scene.plans()
    assert (order.status, plan.status) == ("FILLED", "DONE")
    assert (await scene.holding(bot)).quantity == BOUGHT
    assert scene.exchange.asked == [order.client_order_id]
    assert len(scene.exchange.received) == len(await scene.fills()) == 1


async def test_a_lost_answer_is_asked_for_after_the_fence(scene: Scene) -> None:
    bot = await lost(scene, placed=True)
    scene.passes(seconds=29)
    await scene.ask()
    assert scene.exchange.asked == []
    scene.passes(seconds=1)
    await scene.ask()
    assert (await the_order(scene)).status == "FILLED"
    assert (await scene.holding(bot)).quantity == BOUGHT


async def test_an_order_that_is_said_to_exist_is_asked_for_at_once(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=True, exists=True))
    await scene.place(await scene.enter())
    await scene.ask()
    assert (await the_order(scene)).status == "FILLED"
    assert (await scene.holding(bot)).quantity == BOUGHT


async def test_a_venue_that_is_blind_for_a_while_loses_nothing(scene: Scene) -> None:
    bot = await lost(scene, placed=True)
    scene.exchange.blind = True
    for seconds in (30, 30, 60):
        scene.passes(seconds=seconds)
        await scene.ask()
    assert (await the_order(scene)).status == "UNKNOWN"
    scene.exchange.blind = False
    scene.passes(seconds=180)
    await scene.ask()
    assert (await scene.holding(bot)).quantity == BOUGHT


async def test_a_venue_that_is_away_proves_nothing(scene: Scene) -> None:
    await lost(scene, placed=False)
    scene.exchange.away = True
    scene.passes(seconds=30)
    for _ in range(10):
        await scene.sweep()
        scene.passes(seconds=60)
    assert len(scene.exchange.asked) == 10
    order = await the_order(scene)
    assert (order.status, order.checks) == ("UNKNOWN", 0)

    scene.exchange.away = False
    await scene.sweep()
    order = await the_order(scene)
    assert (order.status, order.reason) == ("UNKNOWN", "UNKNOWN: not found 1 times")


async def test_a_venue_that_is_back_tells(scene: Scene) -> None:
    bot = await lost(scene, placed=True)
    scene.exchange.away = True
    scene.passes(seconds=30)
    await scene.sweep()
    scene.exchange.away = False
    await scene.sweep()
    assert (await the_order(scene)).status == "UNKNOWN"  # Asked again in a minute, not at once.
    scene.passes(seconds=60)
    await scene.sweep()
    assert (await scene.holding(bot)).quantity == BOUGHT


async def test_an_order_that_is_found_late_is_adopted(scene: Scene) -> None:
    bot = await lost(scene, placed=False)
    await until_given_up(scene)
    assert (await the_order(scene)).status == "NOT_PLACED"

    scene.exchange.take(scene.exchange.received[0], VenueStatus.FILLED)
    scene.passes(hours=1)
    await scene.sweep()
    order, [plan] = await the_order(scene), await scene.plans()
    assert (order.status, order.executed_quantity) == ("FILLED", Decimal("0.008"))
    assert plan.status == "DONE"
    held = await scene.holding(bot)
    assert (held.quantity, held.cost, held.trade_id) == (BOUGHT, Decimal(400), plan.decision_id)
    assert len(await scene.fills()) == 1
    assert await scene.free("USDT") == 9600
    assert len(scene.exchange.received) == 1


async def test_an_order_found_late_and_still_open_waits_for_the_one_after_it(scene: Scene) -> None:
    """A bot has one live order at a time; the late one is asked about until its place is free."""
    bot = await lost(scene, placed=False)
    await until_given_up(scene)
    await scene.decide(Action.EXIT, "0")
    scene.passes(minutes=59, seconds=40)
    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(await scene.enter())
    scene.exchange.take(scene.exchange.received[0], VenueStatus.NEW, Decimal(0))
    scene.passes(seconds=20)
    await scene.sweep()
    assert [order.status for order in await scene.orders()] == ["NOT_PLACED", "UNKNOWN"]

    scene.exchange.take(scene.exchange.received[1], VenueStatus.FILLED)
    for _ in range(3):
        scene.passes(minutes=1)
        await scene.sweep()
    assert [order.status for order in await scene.orders()] == ["ACKED", "FILLED"]
    scene.exchange.moves_on(scene.exchange.received[0].client_order_id, VenueStatus.FILLED)
    scene.passes(minutes=1)
    await scene.sweep()
    assert [order.status for order in await scene.orders()] == ["FILLED", "FILLED"]
    assert (await scene.holding(bot)).quantity == 2 * BOUGHT


async def test_an_adopted_position_is_left_with_the_leader(scene: Scene) -> None:
    bot = await lost(scene, placed=False)
    await until_given_up(scene)
    scene.exchange.take(scene.exchange.received[0], VenueStatus.FILLED)
    scene.passes(hours=1)
    await scene.sweep()
    await scene.place(await scene.leave())
    assert (await scene.holding(bot)).quantity < Decimal("0.0001")


async def test_after_giving_up_it_looks_twice_more_and_then_never(scene: Scene) -> None:
    await lost(scene, placed=False)
    await until_given_up(scene)
    given_up, asked = scene.hands.at, len(scene.exchange.asked)
    looks = []
    for _ in range(60):
        scene.passes(hours=1)
        await scene.sweep()
        if len(scene.exchange.asked) > asked:
            asked = len(scene.exchange.asked)
            looks.append(scene.hands.at - given_up)
    assert looks == [timedelta(hours=1), timedelta(hours=24)]
    order = await the_order(scene)
    assert (order.status, order.next_check_at) == ("NOT_PLACED", None)


async def test_it_is_found_a_day_later(scene: Scene) -> None:
    bot = await lost(scene, placed=False)
    await until_given_up(scene)
    scene.passes(hours=1)
    await scene.sweep()
    scene.exchange.take(scene.exchange.received[0], VenueStatus.CANCELED, Decimal("0.5"))
    scene.hands.at += LATE_CHECKS[-1]
    await scene.sweep()
    assert (await the_order(scene)).status == "CANCELED"
    assert (await scene.holding(bot)).quantity == BOUGHT / 2


async def test_an_open_order_is_asked_about_to_its_end(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(take(VenueStatus.NEW))
    await scene.place(await scene.enter())
    order = await the_order(scene)
    assert (order.status, order.next_check_at) == ("ACKED", AT + timedelta(seconds=5))

    scene.passes(seconds=5)
    await scene.sweep()
    assert (await the_order(scene)).status == "ACKED"
    scene.exchange.moves_on(order.client_order_id, VenueStatus.FILLED)
    scene.passes(seconds=5)
    await scene.sweep()
    assert (await the_order(scene)).status == "FILLED"
    assert (await scene.plans())[0].status == "DONE"
    assert (await scene.holding(bot)).quantity == BOUGHT


async def test_an_order_that_was_there_is_never_given_up(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(take(VenueStatus.NEW))
    await scene.place(await scene.enter())
    scene.exchange.blind = True
    for _ in range(20):
        scene.passes(minutes=1)
        await scene.sweep()
    order = await the_order(scene)
    assert (order.status, order.reason) == ("ACKED", "UNKNOWN: seen before, not found now")
    assert order.next_check_at == scene.hands.at + timedelta(minutes=1)


async def test_two_workers_ask_once(scene: Scene) -> None:
    await lost(scene, placed=True)
    scene.passes(seconds=30)
    await asyncio.gather(scene.ask(), scene.ask(), scene.ask())
    assert len(scene.exchange.asked) == 1


async def test_a_worker_that_dies_while_asking_is_replaced_after_a_minute(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await lost(scene, placed=True)
    scene.passes(seconds=30)

    async def die(*_: object) -> None:
        raise WorkerDiedError

    with monkeypatch.context() as patch:
        patch.setattr(scene.exchange, "find", die)
        with pytest.raises(WorkerDiedError):
            await scene.ask()
    await scene.ask()
    assert scene.exchange.asked == []
    scene.hands.at += resolve.ASKING
    await scene.ask()
    assert (await scene.holding(bot)).quantity == BOUGHT


async def test_one_order_that_cannot_be_resolved_does_not_hold_up_the_others(scene: Scene) -> None:
    poisoned, healthy = await scene.bot(), await scene.bot()
    scene.exchange.next_orders(*[lose_answer(placed=True)] * 2)
    await scene.place(await scene.enter())
    scene.passes(seconds=30)
    first, _ = await scene.orders()
    find = scene.exchange.find

    async def stumble(account: Account, symbol: str, client_order_id: str) -> Report | None:
        if client_order_id == first.client_order_id:
            raise KeyError("made up")
        return await find(account, symbol, client_order_id)

    scene.exchange.find = stumble  # type: ignore[method-assign]
    await scene.ask()
    assert (await scene.holding(healthy)).quantity == BOUGHT
    assert (await scene.holding(poisoned)).quantity == 0
    assert (await scene.orders())[0].next_check_at == scene.hands.at + resolve.ASKING


async def test_an_answer_that_came_meanwhile_wins(scene: Scene) -> None:
    """The question was asked of an order whose own answer has been recorded since."""
    bot = await lost(scene, placed=True)
    scene.passes(seconds=30)

    async def first_the_other(account: Account, symbol: str, client_order_id: str) -> None:
        del account, symbol
        news = news_of_sending(
            (await the_order(scene)).id,
            Accepted(scene.exchange.journal[client_order_id]),
            scene.broker,
        )
        async with scene.database.transaction() as tx:
            await record_news(tx, [news], scene.broker)

    scene.exchange.find = first_the_other  # type: ignore[method-assign]
    await scene.ask()
    assert (await the_order(scene)).status == "FILLED"
    assert (await scene.holding(bot)).quantity == BOUGHT


async def test_what_is_not_due_is_not_asked(scene: Scene) -> None:
    await scene.follower()
    await resolve_orders(scene.broker, [])
    await scene.ask()
    assert scene.exchange.asked == []
    async with scene.database.transaction() as tx:
        assert await tx.scalar(select(OrderRow.next_check_at)) is None
