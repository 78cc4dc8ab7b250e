"""Do an exchange's own words and its answers make one effect, in any order and any number?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from nexus.exchanges.events import AccountNews
from nexus.exchanges.protocol import Fill, Report, VenueStatus
from nexus.exchanges.user_stream import OrderHeard
from nexus.execution.hear import record_orders
from nexus.execution.models import OrderRow, OrphanOrder
from nexus.execution.record import News, news_of_report, record_news
from nexus.execution.states import Step
from tests.scenes import AT, Scene
from tests.scripted import PRICE, lose_answer, take

LATER = {"minutes": 3}


async def hear(scene: Scene, *heard: OrderHeard) -> list[int]:
    async with scene.database.transaction() as tx:
        return await record_orders(tx, heard, scene.broker)


async def an_order(scene: Scene) -> OrderRow:
    [order] = await scene.orders()
    return order


async def resting(scene: Scene) -> tuple[int, OrderRow]:
    """Place an order that the exchange took and has not executed yet."""
    bot = await scene.bot()
    scene.exchange.next_orders(take(VenueStatus.NEW))
    await scene.place(await scene.enter())
    order = await an_order(scene)
    assert order.status == "ACKED"
    return bot, order


async def orphans(scene: Scene) -> list[OrphanOrder]:
    async with scene.database.transaction() as tx:
        return list(await tx.scalars(select(OrphanOrder)))


def executions(order: OrderRow, *shares: str) -> list[OrderHeard]:
    """Tell how an order is executed in parts; the last one fills it."""
    told, done = [], Decimal(0)
    for number, share in enumerate(shares, start=1):
        part = order.quantity * Decimal(share)
        done += part
        whole = done == order.quantity
        told.append(
            OrderHeard(
                account_id=order.account_id,
                market="BTCUSDT",
                exchange_order_id="77",
                client_order_id=order.client_order_id,
                status=VenueStatus.FILLED if whole else VenueStatus.PARTIALLY_FILLED,
                executed_quantity=done,
                executed_quote=done * PRICE,
                fill=Fill(f"t{number}", PRICE, part, Decimal(0), "USDT", AT),
            )
        )
    return told


def ended(order: OrderRow, status: VenueStatus, done: Decimal = Decimal(0)) -> OrderHeard:
    """Tell of an end that is no execution."""
    return OrderHeard(
        order.account_id, "BTCUSDT", "77", order.client_order_id, status, done, done * PRICE, None
    )


@pytest.mark.parametrize("turn", list(permutations(range(3))))
async def test_executions_in_any_order_are_one_fill_each_or_are_asked_for(
    scene: Scene, turn: Sequence[int]
) -> None:
    bot, order = await resting(scene)
    told = executions(order, "0.25", "0.25", "0.5")
    for number in turn:
        await hear(scene, told[number], told[number])
    after, fills = await an_order(scene), await scene.fills()
    held = (await scene.holding(bot)).quantity
    assert held == sum(fill.quantity for fill in fills)
    if turn == (0, 1, 2):
        assert (after.status, held) == ("FILLED", order.quantity)
    else:
        assert (after.status, after.next_check_at) == ("ACKED", scene.hands.at)
    await hear(scene, *told)
    assert (await an_order(scene)).status == "FILLED"
    assert [fill.trade_id for fill in await scene.fills()] == ["t1", "t2", "t3"]
    assert (await scene.holding(bot)).quantity == order.quantity


async def test_all_at_once_and_again_is_the_same(scene: Scene) -> None:
    bot, order = await resting(scene)
    told = executions(order, "0.5", "0.5")
    await hear(scene, *reversed(told), *told)
    events = await scene.events()
    assert await hear(scene, *told) == []
    assert await scene.events() == events
    assert (await scene.holding(bot)).quantity == order.quantity
    assert len(await scene.fills()) == 2


async def test_the_answer_after_the_event_changes_nothing(scene: Scene) -> None:
    """The event may be quicker than the answer to the order itself, or to a question."""
    bot, order = await resting(scene)
    scene.exchange.moves_on(order.client_order_id, VenueStatus.FILLED)
    report = scene.exchange.journal[order.client_order_id]
    told = replace(
        executions(order, "1")[0],
        fill=report.fills[0],
        executed_quantity=report.executed_quantity,
        executed_quote=report.executed_quote,
    )
    await hear(scene, told)
    held = (await scene.holding(bot)).quantity
    scene.passes(seconds=10)
    await scene.ask()
    assert (await scene.holding(bot)).quantity == held > 0
    assert len(await scene.fills()) == 1


async def test_a_missing_execution_is_asked_for(scene: Scene) -> None:
    bot, order = await resting(scene)
    _, last = executions(order, "0.5", "0.5")
    assert await hear(scene, last) == [order.id]
    after = await an_order(scene)
    assert after.status not in {"FILLED", "CANCELED"}
    assert after.next_check_at == scene.hands.at
    scene.exchange.moves_on(order.client_order_id, VenueStatus.FILLED)
    await scene.ask()
    assert (await an_order(scene)).status == "FILLED"
    assert (await scene.holding(bot)).quantity > 0


async def test_an_unclear_order_that_is_told_of_is_clear(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(await scene.enter())
    order = await an_order(scene)
    assert order.status == "UNKNOWN"
    await hear(scene, *executions(order, "1"))
    assert (await an_order(scene)).status == "FILLED"
    assert (await scene.holding(bot)).quantity == order.quantity


async def test_one_given_up_and_told_of_after_all_is_adopted(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(await scene.enter())
    for _ in range(6):
        scene.passes(**LATER)
        await scene.ask()
    order = await an_order(scene)
    assert order.status == "NOT_PLACED"
    await hear(scene, *executions(order, "1"))
    assert (await an_order(scene)).status == "FILLED"
    assert (await scene.holding(bot)).quantity == order.quantity


@pytest.mark.parametrize("status", [VenueStatus.CANCELED, VenueStatus.EXPIRED])
async def test_an_end_without_execution_is_an_end(scene: Scene, status: VenueStatus) -> None:
    bot, order = await resting(scene)
    await hear(scene, ended(order, status))
    assert (await an_order(scene)).status == status.name
    assert (await scene.holding(bot)).quantity == 0


async def test_a_cancel_after_a_part_keeps_the_part(scene: Scene) -> None:
    bot, order = await resting(scene)
    [part, _] = executions(order, "0.5", "0.5")
    await hear(scene, ended(order, VenueStatus.CANCELED, order.quantity / 2), part)
    after = await an_order(scene)
    assert (after.status, after.executed_quantity) == ("CANCELED", order.quantity / 2)
    assert (await scene.holding(bot)).quantity == order.quantity / 2


async def test_an_older_answer_takes_nothing_back(scene: Scene) -> None:
    """What an order's own answer said is recorded after the events that overtook it."""
    bot, order = await resting(scene)
    await hear(scene, *executions(order, "0.5", "0.5")[:1])
    before = await an_order(scene)
    nothing_yet = Report("77", order.client_order_id, VenueStatus.NEW, Decimal(0), Decimal(0), ())
    async with scene.database.transaction() as tx:
        await record_news(tx, [news_of_report(order.id, nothing_yet)], scene.broker)
    after = await an_order(scene)
    assert (after.status, after.executed_quantity) == ("ACKED", order.quantity / 2)
    assert after.updated_at == before.updated_at
    assert (await scene.holding(bot)).quantity == order.quantity / 2


@pytest.mark.parametrize("shares", [("1",), ("0.5", "0.5")])
async def test_an_answer_that_got_lost_is_no_news_after_the_event(
    scene: Scene, shares: Sequence[str]
) -> None:
    _, order = await resting(scene)
    await hear(scene, executions(order, *shares)[0])
    before = await an_order(scene)
    lost = News(order.id, Step("UNKNOWN", "UNKNOWN: timeout", timedelta(seconds=30)))
    with capture_logs() as said:
        async with scene.database.transaction() as tx:
            await record_news(tx, [lost], scene.broker)
    assert (await an_order(scene)).status == before.status
    assert [line["event"] for line in said] == ["overtaken"]


async def test_a_contradiction_is_called_one(scene: Scene) -> None:
    _, order = await resting(scene)
    await hear(scene, *executions(order, "1"))
    with capture_logs() as said:
        async with scene.database.transaction() as tx:
            never = News(order.id, Step("NOT_PLACED", "NOT_PLACED: code=-1013 message=no"))
            await record_news(tx, [never], scene.broker)
    assert [line["event"] for line in said] == ["impossible_move"]
    assert (await an_order(scene)).status == "FILLED"


async def test_that_it_is_there_is_no_news(scene: Scene) -> None:
    _, order = await resting(scene)
    before = await scene.events()
    assert await hear(scene, ended(order, VenueStatus.NEW)) == []
    assert await scene.events() == before


async def test_executed_after_its_end_counts_and_is_asked_about(scene: Scene) -> None:
    bot, order = await resting(scene)
    await hear(scene, ended(order, VenueStatus.CANCELED))
    await hear(scene, *executions(order, "1"))
    after = await an_order(scene)
    assert after.status == "CANCELED"
    assert (await scene.holding(bot)).quantity == order.quantity


async def test_the_owners_own_orders_are_never_touched(scene: Scene) -> None:
    _, order = await resting(scene)
    told = replace(executions(order, "1")[0], client_order_id="web_1234")
    before = await scene.events()
    assert await hear(scene, told) == []
    assert await scene.events() == before
    assert await scene.fills() == []
    assert await orphans(scene) == []
    assert news_of(scene) == [], "the bot holds nothing that could be meant"


async def test_an_owner_is_told_once_an_order_of_what_their_bot_makes_of_their_own_trade(
    scene: Scene,
) -> None:
    bot = await scene.follower()
    [order] = await scene.orders()
    holding = await scene.holding(bot)
    first, second = executions(order, "0.5", "0.5")
    await hear(scene, replace(first, client_order_id="web_1234"))
    await hear(scene, replace(second, client_order_id="web_1234"))
    [news] = news_of(scene)
    assert news.title == "You traded BTC/USDT yourself"
    assert news.user_id == (await scene.the_bot(bot)).user_id
    after = await scene.holding(bot)
    assert (after.quantity, after.cost) == (holding.quantity, holding.cost)


async def test_another_symbol_traded_by_hand_is_nobodys_news(scene: Scene) -> None:
    await scene.follower()
    [order] = await scene.orders()
    told = replace(executions(order, "1")[0], client_order_id="web_1", market="ETHUSDT")
    await hear(scene, told)
    assert news_of(scene) == []


def news_of(scene: Scene) -> list[AccountNews]:
    return [fact for fact in scene.heard if isinstance(fact, AccountNews)]
