"""Does one bot's page tell its own story: the leader beside it, what reached it, its orders?"""

from decimal import Decimal

from nexus.bots.start import stop_bot
from nexus.core.ids import LARGEST_ID
from nexus.exchanges.models import AccountBalance
from nexus.execution.models import OrderRow
from nexus.feed.bot_views import ZERO, BookView, BotFacts, OrderView, ReachView
from nexus.feed.tell_bot import BEFORE_IT, LINES, NOT_ASKED, book_of, facts_of, orders_of, reach_of
from nexus.strategy.border import Action
from tests.scenes import Scene


async def facts(scene: Scene, bot_id: int) -> BotFacts:
    owner = (await scene.the_bot(bot_id)).user_id
    async with scene.database.transaction() as tx:
        found = await facts_of(tx, owner, bot_id)
    assert found
    return found


async def book(scene: Scene, bot_id: int) -> BookView:
    bot = await facts(scene, bot_id)
    async with scene.database.transaction() as tx:
        return await book_of(tx, bot)


async def reach(scene: Scene, bot_id: int, before: int = LARGEST_ID) -> list[ReachView]:
    bot = await facts(scene, bot_id)
    async with scene.database.transaction() as tx:
        return (await reach_of(tx, bot, before))[0]


async def orders(scene: Scene, bot_id: int) -> list[OrderView]:
    bot = await facts(scene, bot_id)
    async with scene.database.transaction() as tx:
        return (await orders_of(tx, bot, LARGEST_ID))[0]


async def test_bob_has_no_bot_of_alice(scene: Scene) -> None:
    alices = await scene.bot()
    bob = await scene.person()
    async with scene.database.transaction() as tx:
        assert await facts_of(tx, bob, alices) is None


async def test_who_follows_is_in_the_leaders_trade(scene: Scene) -> None:
    bot = await scene.follower()
    seen = await book(scene, bot)
    held = await scene.holding(bot)
    assert (seen.leads, seen.together) == (True, True)
    assert seen.fraction == Decimal("0.4")
    assert seen.own_fraction == held.cost / 1000
    [layer] = seen.layers
    assert (layer.number, layer.quantity > 0) == (1, True)
    assert layer.own_price
    assert layer.said.startswith("Bought 0.00")


async def test_who_came_later_sees_the_leader_and_waits(scene: Scene) -> None:
    await scene.follower()
    scene.passes(minutes=5)
    late = await scene.bot()
    scene.passes(minutes=5)
    await scene.lead(Action.ADD, "0.7")
    seen = await book(scene, late)
    assert (seen.leads, seen.together, seen.own_fraction) == (True, False, ZERO)
    assert [(layer.quantity, layer.said) for layer in seen.layers] == [
        (ZERO, BEFORE_IT),
        (ZERO, "The bot is not in this trade. It joins at the next entry."),
    ]
    assert [line.state for line in await reach(scene, late)] == ["waiting", "none"]


async def test_a_blocked_decision_says_the_gates_reason_and_is_no_layer(scene: Scene) -> None:
    bot = await scene.bot()
    await scene.decide(Action.ENTER, code="CRASH_GUARD")
    [line] = await reach(scene, bot)
    assert (line.blocked, line.state, line.reason) == (True, "blocked", "why")
    assert (await book(scene, bot)).layers == ()


async def test_a_bot_that_was_stopped_was_not_asked(scene: Scene) -> None:
    bot = await scene.bot()
    async with scene.database.transaction() as tx:
        await stop_bot(tx, bot, by="test")
    scene.passes(minutes=1)
    await scene.enter()
    [line] = await reach(scene, bot)
    assert (line.state, line.said) == ("none", NOT_ASKED)


async def test_a_refusal_is_told_with_its_numbers(scene: Scene) -> None:
    bot = await scene.bot()
    async with scene.database.transaction() as tx:
        await tx.execute(AccountBalance.__table__.update().values(free=4))  # type: ignore[attr-defined]
    await scene.enter()
    [line] = await reach(scene, bot)
    assert line.state == "denied"
    assert line.said.startswith("The account had too little free: ")


async def test_what_one_bot_did_is_not_told_of_another(scene: Scene) -> None:
    first, second = await scene.bot(), await scene.bot()
    async with scene.database.transaction() as tx:
        await stop_bot(tx, second, by="test")
    await scene.place(await scene.enter())
    assert [line.state for line in await reach(scene, first)] == ["followed"]
    assert [line.state for line in await reach(scene, second)] == ["none"]
    assert len(await orders(scene, first)) == 1
    assert await orders(scene, second) == []


async def test_an_order_has_its_price_its_fee_and_its_purpose(scene: Scene) -> None:
    bot = await scene.follower()
    [order] = await orders(scene, bot)
    [fill] = await scene.fills()
    assert (order.action, order.side, order.status) == ("enter", "buy", "FILLED")
    assert order.average_price == fill.price
    assert order.fees == (((fill.fee, fill.fee_asset),) if fill.fee else ())
    assert order.reason == ""


async def test_an_order_that_came_to_nothing_says_why(scene: Scene) -> None:
    bot = await scene.follower()
    [order] = await scene.orders()
    await scene.change(
        OrderRow, order.id, status="UNKNOWN", executed_quantity=Decimal(0), reason=""
    )
    [seen] = await orders(scene, bot)
    assert seen.average_price is None
    assert seen.reason.startswith("The exchange has not confirmed the order yet.")


async def test_older_decisions_are_a_page_further(scene: Scene) -> None:
    bot = await scene.bot()
    for _ in range(LINES + 2):
        await scene.decide(Action.ENTER, code="CRASH_GUARD")
    newest = await reach(scene, bot)
    older = await reach(scene, bot, newest[-1].id)
    assert (len(newest), len(older)) == (LINES, 2)
    assert {line.id for line in newest} & {line.id for line in older} == set()
