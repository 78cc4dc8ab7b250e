"""Do positions and balances move by fills that were new, and by nothing else?"""

from decimal import Decimal

from nexus.exchanges.protocol import VenueStatus
from nexus.execution.record import news_of_report, record_news
from nexus.strategy.border import Action
from tests.scenes import Scene
from tests.scripted import FEE, PRICE, reject, take

LAYER = Decimal("0.007992")


async def test_each_layer_adds_to_what_is_held(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.place(await scene.lead(Action.ADD, "0.7"))
    held = await scene.holding(bot)
    assert (held.quantity, held.cost, held.layers) == (Decimal("0.013986"), Decimal(700), 2)
    assert held.trade_id == (await scene.plans())[0].decision_id


async def test_an_order_that_failed_moves_nothing(scene: Scene) -> None:
    bot = await scene.follower()
    before = await scene.free("USDT")
    scene.exchange.next_orders(reject())
    await scene.place(await scene.lead(Action.ADD, "0.7"))
    held = await scene.holding(bot)
    assert (held.quantity, held.layers) == (LAYER, 1)
    assert await scene.free("USDT") == before


async def test_only_the_new_fills_of_a_growing_report_move(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(take(VenueStatus.PARTIALLY_FILLED, "0.5"))
    await scene.place(await scene.enter())
    [order] = await scene.orders()
    half = scene.exchange.journal.pop(order.client_order_id)
    rest = scene.exchange.take(scene.exchange.received[0], VenueStatus.FILLED, Decimal("0.5"))
    whole = type(half)(
        half.exchange_order_id, half.client_order_id, VenueStatus.FILLED,
        Decimal("0.008"), Decimal(400), fills=(*half.fills, *rest.fills),
    )  # fmt: skip
    for _ in range(2):
        async with scene.database.transaction() as tx:
            await record_news(tx, [news_of_report(order.id, whole)], scene.broker)
    held = await scene.holding(bot)
    assert (held.quantity, held.cost) == (LAYER, Decimal(400))
    assert (await scene.free("BTC"), await scene.free("USDT")) == (LAYER, Decimal(9600))
    assert len(await scene.fills()) == 2


async def test_the_books_of_several_bots_in_one_batch_stay_apart(scene: Scene) -> None:
    bots = [await scene.bot(allocation=Decimal(1000 * number)) for number in (1, 2, 3)]
    await scene.place(await scene.enter())
    assert [(await scene.holding(bot)).cost for bot in bots] == [400, 800, 1200]


async def test_what_a_whole_trade_leaves_behind_adds_up(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.place(await scene.leave())
    held, sold = await scene.holding(bot), Decimal("0.0079")
    assert held.quantity == LAYER - sold
    assert await scene.free("USDT") == 10_000 - 400 + sold * PRICE * (1 - FEE)
    # What was spent and has not come back is what the rest cost, and what the trade lost.
    spent = 10_000 - await scene.free("USDT")
    assert spent == held.cost - held.realised
