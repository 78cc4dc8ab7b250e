"""Is a bot's owner told of a refusal once, and of what is expected never?"""

from decimal import Decimal

from sqlalchemy import update

from nexus.bots.models import Bot
from nexus.exchanges.models import AccountBalance
from nexus.fanout.events import PlanRefused
from nexus.strategy.border import Action
from tests.scenes import Scene


def told(scene: Scene) -> list[tuple[int, str]]:
    """Give what was told since the last time, by bot: the codes."""
    facts = [f for f in scene.heard if isinstance(f, PlanRefused)]
    scene.heard.clear()
    return [(fact.bot_id, fact.reason.partition(":")[0]) for fact in facts]


async def round_trip(scene: Scene) -> None:
    """Let the leader enter, add and leave."""
    await scene.place(await scene.enter())
    await scene.place(await scene.lead(Action.ADD, "0.7"))
    await scene.place(await scene.leave())


async def test_a_bot_that_is_denied_is_told_once_however_often_it_is_denied(scene: Scene) -> None:
    small = await scene.bot(allocation=Decimal(1))
    await round_trip(scene)
    assert told(scene) == [(small, "ORDER_BELOW_MINIMUM")]
    await round_trip(scene)
    await round_trip(scene)
    assert told(scene) == []


async def test_another_reason_is_told_and_so_is_the_old_one_when_it_comes_back(
    scene: Scene,
) -> None:
    bot = await scene.bot()
    account = (await scene.the_bot(bot)).account_id
    async with scene.database.transaction() as tx:
        await tx.execute(update(AccountBalance).values(free=1))
    await round_trip(scene)
    assert told(scene) == [(bot, "BALANCE_BELOW_MINIMUM")]
    await scene.change(Bot, bot, allocation=Decimal(1))
    await round_trip(scene)
    assert told(scene) == [(bot, "ORDER_BELOW_MINIMUM")]
    async with scene.database.transaction() as tx:
        await tx.execute(
            update(AccountBalance).where(AccountBalance.account_id == account).values(free=9_000)
        )
    await scene.change(Bot, bot, allocation=Decimal(1000))
    await round_trip(scene)
    await scene.change(Bot, bot, allocation=Decimal(12))
    scene.heard.clear()
    await round_trip(scene)
    assert told(scene) == [(bot, "ORDER_BELOW_MINIMUM")], "it had followed in between"


async def test_what_its_card_says_anyway_is_not_told(scene: Scene) -> None:
    await scene.bot(status="paused")
    await scene.enter()
    await scene.bot()  # It joins in the middle of the trade.
    await scene.lead(Action.ADD, "0.7")
    await scene.leave()
    assert {p.reason.partition(":")[0] for p in await scene.plans() if p.reason} == {
        "BOT_PAUSED", "NOT_IN_TRADE",
    }  # fmt: skip
    assert told(scene) == []
