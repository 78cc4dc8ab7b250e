"""Is what became of an order written down whole, once, and does nothing else move?"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from nexus.core.clock import now
from nexus.exchanges.protocol import Accepted, Intent, Report, VenueStatus
from nexus.execution.client_id import client_order_id
from nexus.execution.events import OrderMoved
from nexus.execution.models import OrderEvent, OrderRow
from nexus.execution.record import News, news_of_report, record_news
from nexus.execution.states import Step
from nexus.strategy.border import Action
from tests.scenes import AT, Scene
from tests.scripted import PRICE, ScriptedExchange, fill, lose_answer, refuse_for_now, reject, take

BOUGHT = Decimal("0.008")
FEE = Decimal("0.000008")


async def placed(scene: Scene) -> int:
    """Place one order of a new bot: the bot."""
    bot = await scene.bot()
    await scene.place(await scene.enter())
    return bot


async def hear(scene: Scene, *news: News) -> None:
    async with scene.database.transaction() as tx:
        await record_news(tx, news, scene.broker)


async def everything(scene: Scene) -> list[object]:
    """Read all that an order could have moved."""
    state: list[object] = [
        [(o.status, o.reason, o.executed_quantity, o.next_check_at) for o in await scene.orders()],
        [(p.status, p.reason, p.attempt) for p in await scene.plans()],
        [f.trade_id for f in await scene.fills()],
        await scene.events(),
        list(scene.heard),
        await scene.free("USDT"),
    ]
    return state


async def test_an_accepted_order_moves_everything_it_should(scene: Scene) -> None:
    bot = await placed(scene)
    [order], [plan], [bought] = await scene.orders(), await scene.plans(), await scene.fills()
    assert (order.status, order.exchange_order_id) == ("FILLED", f"x-{order.id}")
    assert (order.executed_quantity, order.executed_quote) == (BOUGHT, Decimal(400))
    assert order.next_check_at is None
    assert (plan.status, plan.reason) == ("DONE", "")
    assert (bought.order_id, bought.bot_id, bought.side) == (order.id, bot, "buy")
    assert (bought.quantity, bought.price, bought.fee, bought.fee_asset, bought.at) == (
        BOUGHT, PRICE, FEE, "BTC", AT,
    )  # fmt: skip
    held = await scene.holding(bot)
    assert (held.quantity, held.cost, held.realised) == (BOUGHT - FEE, Decimal(400), Decimal(0))
    assert (held.trade_id, held.layers) == (plan.decision_id, 1)
    assert (await scene.free("BTC"), await scene.free("USDT")) == (BOUGHT - FEE, Decimal(9600))
    assert await scene.events() == ["SENDING", "FILLED"]


async def test_it_is_told_what_happened(scene: Scene) -> None:
    bot = await placed(scene)
    [told] = [fact for fact in scene.heard if isinstance(fact, OrderMoved)]
    assert (told.bot_id, told.action, told.status) == (bot, "enter", "FILLED")
    assert (told.quantity, told.average_price) == (BOUGHT, PRICE)
    assert (told.fee, told.fee_asset, told.reason) == (FEE, "BTC", "")


async def test_the_events_tell_the_whole_story(scene: Scene) -> None:
    await placed(scene)
    async with scene.database.transaction() as tx:
        sent, filled = (await tx.scalars(select(OrderEvent).order_by(OrderEvent.id))).all()
    [order] = await scene.orders()
    assert sent.detail == {
        "client_order_id": order.client_order_id, "worker": "worker-1",
        "quantity": "0.008000000000", "plan": "ORDERED",
    }  # fmt: skip
    assert filled.detail == {
        "exchange_order_id": f"x-{order.id}",
        "executed_quantity": str(scene.exchange.journal[order.client_order_id].executed_quantity),
        "executed_quote": str(scene.exchange.journal[order.client_order_id].executed_quote),
        "plan": "DONE",
        "after": order.sent_at.isoformat(),
    }


async def test_the_same_report_again_changes_nothing(scene: Scene) -> None:
    await placed(scene)
    before = await everything(scene)
    [order] = await scene.orders()
    report = scene.exchange.journal[order.client_order_id]
    await hear(scene, news_of_report(order.id, report))
    await hear(scene, news_of_report(order.id, report), news_of_report(order.id, report))
    assert await everything(scene) == before


async def test_two_who_record_the_same_at_once_move_it_once(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(await scene.enter())
    [order] = await scene.orders()
    news = news_of_report(order.id, scene.exchange.journal[order.client_order_id])
    await asyncio.gather(*(hear(scene, news) for _ in range(4)))
    assert await scene.free("USDT") == 9600
    assert len(await scene.fills()) == 1
    assert await scene.events() == ["SENDING", "UNKNOWN", "FILLED"]


async def test_nobody_knows_the_order(scene: Scene) -> None:
    await hear(scene, News(12345, Step("FILLED")))
    assert await scene.events() == []


async def test_a_partial_fill_that_is_then_canceled_keeps_its_fills(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(take(VenueStatus.PARTIALLY_FILLED, "0.25"))
    await scene.place(await scene.enter())
    [order] = await scene.orders()
    assert (order.status, order.executed_quantity) == ("ACKED", BOUGHT / 4)
    assert (await scene.plans())[0].status == "ORDERED"
    assert (await scene.holding(bot)).quantity == (BOUGHT - FEE) / 4

    known = scene.exchange.journal[order.client_order_id]
    await hear(scene, news_of_report(order.id, replace(known, status=VenueStatus.CANCELED)))
    assert (await scene.orders())[0].status == "CANCELED"
    assert (await scene.plans())[0].status == "DONE"
    held = await scene.holding(bot)
    assert (held.quantity, held.cost) == ((BOUGHT - FEE) / 4, Decimal(100))
    assert await scene.free("USDT") == 9900


async def test_fills_that_are_not_told_yet_are_fetched(scene: Scene) -> None:
    """An order is not at its end before its fills are in the ledger."""
    bot = await scene.bot()

    def tell_no_fills(exchange: ScriptedExchange, intent: Intent) -> Accepted:
        return Accepted(replace(exchange.take(intent, VenueStatus.FILLED), fills=()))

    scene.exchange.next_orders(tell_no_fills)
    await scene.place(await scene.enter())
    assert (await scene.orders())[0].status == "ACKED"
    assert (await scene.holding(bot)).quantity == 0
    scene.passes(seconds=5)
    await scene.sweep()
    assert (await scene.orders())[0].status == "FILLED"
    assert (await scene.holding(bot)).quantity == BOUGHT - FEE
    assert (await scene.plans())[0].status == "DONE"


async def test_a_refused_order_ends_its_plan(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(reject())
    await scene.place(await scene.enter())
    reason = "REJECTED: code=-2010 message=insufficient balance"
    [order], [plan] = await scene.orders(), await scene.plans()
    assert (order.status, order.reason, order.next_check_at) == ("REJECTED", reason, None)
    assert (plan.status, plan.reason) == ("DONE", reason)
    assert (await scene.holding(bot)).quantity == 0
    scene.passes(seconds=30)
    await scene.market()
    await scene.sweep()
    assert len(scene.exchange.received) == 1


async def test_an_order_that_was_not_placed_is_tried_again_under_another_name(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(refuse_for_now(retry_after=10))
    await scene.place(await scene.enter())
    [plan] = await scene.plans()
    assert (plan.status, plan.not_before) == ("PLANNED", AT + timedelta(seconds=10))
    scene.passes(seconds=9)
    await scene.place([plan.id])
    assert len(scene.exchange.received) == 1

    scene.passes(seconds=1)
    await scene.place([plan.id])
    first, second = await scene.orders()
    assert [first.status, second.status] == ["NOT_PLACED", "FILLED"]
    assert [first.attempt, second.attempt] == [1, 2]
    assert second.client_order_id == client_order_id("test", plan.account_id, plan.origin, 2)
    assert (await scene.holding(bot)).quantity == BOUGHT - FEE
    assert (await scene.plans())[0].status == "DONE"


async def test_another_attempt_waits_at_least_a_second(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(refuse_for_now(retry_after=0))
    await scene.place(await scene.enter())
    assert (await scene.plans())[0].not_before == AT + timedelta(seconds=1)


async def test_attempts_are_bounded(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(*[refuse_for_now()] * 9)
    plans = await scene.enter()
    for _ in range(9):
        await scene.place(plans)
        scene.passes(seconds=1)
    assert len(scene.exchange.received) == scene.settings.order_attempts == 2
    [plan] = await scene.plans()
    assert (plan.status, plan.reason) == ("DONE", "NOT_PLACED: code=-1003 message=not now")


async def test_an_order_we_held_back_ourselves_costs_no_attempt(scene: Scene) -> None:
    bot = await scene.bot()
    held_back = [refuse_for_now(0)] * 5
    scene.exchange.next_orders(*held_back, refuse_for_now(), refuse_for_now(0), fill())
    plans = await scene.enter()
    for _ in range(8):
        await scene.place(plans)
        scene.passes(seconds=1)
    assert len(scene.exchange.received) == 8
    assert len({order.client_order_id for order in await scene.orders()}) == 8
    assert (await scene.holding(bot)).quantity == BOUGHT - FEE


async def test_no_other_attempt_once_the_plan_is_old(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(refuse_for_now(0, retry_after=120))
    plans = await scene.enter()
    await scene.place(plans)
    scene.passes(seconds=120)
    await scene.market()
    await scene.place(plans)
    assert len(scene.exchange.received) == 1
    assert (await scene.plans())[0].status == "EXPIRED_UNSENT"


async def test_a_late_answer_ends_a_plan_that_has_grown_old(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()

    def answer_late(_exchange: object, _intent: Intent) -> object:
        scene.passes(seconds=61)
        return refuse_for_now()(scene.exchange, _intent)

    scene.exchange.next_orders(answer_late)  # type: ignore[arg-type]
    await scene.place(plans)
    assert (await scene.plans())[0].status == "DONE"


async def test_an_unclear_order_is_never_sent_again(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=False))
    plans = await scene.enter()
    await scene.place(plans)
    [order], [plan] = await scene.orders(), await scene.plans()
    assert (order.status, order.reason) == ("UNKNOWN", "UNKNOWN: timeout")
    assert order.next_check_at == AT + timedelta(seconds=30)
    assert plan.status == "ORDERED"
    for _ in range(20):
        scene.passes(seconds=20)
        await scene.place(plans)
    assert len(scene.exchange.received) == 1


async def test_an_impossible_move_is_refused(scene: Scene) -> None:
    await placed(scene)
    before = await everything(scene)
    [order] = await scene.orders()
    for to in ("SENDING", "UNKNOWN", "ACKED", "NOT_PLACED", "CANCELED"):
        await hear(scene, News(order.id, Step(to, "made up", timedelta(0))))
        assert await everything(scene) == before


async def test_an_impossible_report_brings_no_fills(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(reject())
    await scene.place(await scene.enter())
    [order] = await scene.orders()
    scene.exchange.take(scene.exchange.received[0], VenueStatus.FILLED)
    report: Report = scene.exchange.journal[order.client_order_id]
    await hear(scene, news_of_report(order.id, report))
    assert await scene.fills() == []
    assert (await scene.orders())[0].status == "REJECTED"


async def test_a_sale_moves_the_other_way(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.market(PRICE * 2)
    await scene.place(await scene.lead(Action.EXIT, "0", price=PRICE * 2))
    sold = Decimal("0.0079")
    brought = sold * PRICE * 2 * Decimal("0.999")
    held = await scene.holding(bot)
    assert held.quantity == BOUGHT - FEE - sold
    assert await scene.free("BTC") == BOUGHT - FEE - sold
    assert await scene.free("USDT") == 9600 + brought
    cost_of_sold = 400 * sold / (BOUGHT - FEE)
    assert held.realised == pytest.approx(brought - cost_of_sold)
    assert held.cost == pytest.approx(400 - cost_of_sold)


async def test_news_is_told_when_something_moved_not_at_every_question(scene: Scene) -> None:
    await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(await scene.enter())
    for _ in range(40):
        scene.passes(hours=1)
        await scene.sweep()
    told = [fact.status for fact in scene.heard if isinstance(fact, OrderMoved)]
    assert told == ["UNKNOWN", "NOT_PLACED"]


async def test_a_batch_is_recorded_together(scene: Scene) -> None:
    bots = [await scene.bot() for _ in range(3)]
    scene.exchange.next_orders(*[lose_answer(placed=True)] * 3)
    await scene.place(await scene.enter())
    orders: list[OrderRow] = await scene.orders()
    await hear(
        scene,
        *(news_of_report(o.id, scene.exchange.journal[o.client_order_id]) for o in orders),
    )
    assert [(await scene.holding(bot)).quantity for bot in bots] == [BOUGHT - FEE] * 3
    assert {order.updated_at for order in await scene.orders()} == {now()}
