"""What becomes of an account whose key the exchange no longer takes?"""

from decimal import Decimal

from nexus.exchanges.models import ExchangeAccount
from nexus.execution.record import News, record_news
from nexus.execution.states import Step
from nexus.strategy.border import Action
from tests.scenes import Scene
from tests.scripted import lose_answer, refuse_for_now

BOUGHT = Decimal("0.008")
FEE = Decimal("0.000008")


async def test_a_key_the_exchange_refuses_stops_its_account(scene: Scene) -> None:
    bot, other = await scene.bot(), await scene.bot()
    scene.exchange.next_orders(refuse_for_now(-2015, key_invalid=True))
    await scene.place(await scene.enter())
    stopped, active = await scene.rows(ExchangeAccount)
    assert (stopped.status, active.status) == ("key_invalid", "active")
    assert stopped.status_reason == "The exchange no longer accepts this key."
    mine, theirs = await scene.plans()
    assert (mine.status, theirs.status) == ("DONE", "DONE")
    assert (await scene.holding(bot)).quantity == 0
    assert (await scene.holding(other)).quantity == BOUGHT - FEE

    await scene.lead(Action.ADD, "0.7")
    assert (await scene.plans())[2].reason == "ACCOUNT_NOT_ACTIVE: status=key_invalid"


async def test_a_key_that_is_refused_with_a_question_stops_its_account_too(scene: Scene) -> None:
    bot = await scene.bot()
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place(await scene.enter())
    scene.passes(seconds=31)
    scene.exchange.locked_out = True
    await scene.ask()
    [account] = await scene.rows(ExchangeAccount)
    assert (account.status, account.health_at) == ("key_invalid", None)
    [order] = await scene.orders()
    assert order.status == "UNKNOWN", "a question that was refused tells nothing of the order"

    scene.exchange.locked_out = False
    scene.passes(minutes=2)
    await scene.ask()
    assert (await scene.holding(bot)).quantity == BOUGHT - FEE


async def test_an_account_its_owner_removed_stays_removed(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    [account] = await scene.rows(ExchangeAccount)
    scene.exchange.next_orders(lose_answer(placed=False))
    await scene.place(plans)
    await scene.change(ExchangeAccount, account.id, status="removed")
    [order] = await scene.orders()
    news = News(order.id, Step("NOT_PLACED"), key_invalid=True)
    async with scene.database.transaction() as tx:
        await record_news(tx, [news], scene.broker)
    assert (await scene.rows(ExchangeAccount))[0].status == "removed"
