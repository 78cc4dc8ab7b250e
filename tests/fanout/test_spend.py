"""Does the planner keep each person's bots within that person's limits, all at once?"""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from nexus.bots.models import Holding
from nexus.core.clock import now
from nexus.fanout.plan import plan_for_bots
from nexus.strategy.border import Action
from nexus.strategy.decide import Proposal
from tests.limited import bots_of_one, limit, owner_of
from tests.scenes import Scene


async def planned(scene: Scene) -> dict[int, Decimal | str]:
    """Give what each bot's newest plan buys, or why it does not."""
    return {
        plan.bot_id: plan.quantity if plan.status == "PLANNED" else plan.reason
        for plan in await scene.plans()
    }


async def lost(scene: Scene, bot_id: int, amount: str) -> None:
    async with scene.database.transaction() as tx:
        result = -Decimal(amount)
        tx.add(
            Holding(
                bot_id=bot_id, quantity=0, cost=0, realised=result, day=now().date(),
                day_result=result, lost_at=now(), updated_at=now(),
            )
        )  # fmt: skip


async def test_what_one_bot_is_given_the_next_one_lacks(scene: Scene) -> None:
    person, bots = await bots_of_one(scene, 3)
    await limit(scene, person, allocation=Decimal(600))
    await scene.enter()
    assert await planned(scene) == {
        bots[0]: Decimal("0.008"),
        bots[1]: Decimal("0.004"),
        bots[2]: "ALLOCATION_LIMIT_BELOW_MINIMUM: free=0 needed=5.25",
    }


async def test_a_larger_order_is_made_smaller(scene: Scene) -> None:
    bot = await scene.bot()
    await limit(scene, await owner_of(scene, bot), per_trade=Decimal(100))
    await scene.enter()
    assert await planned(scene) == {bot: Decimal("0.002")}


async def test_the_smaller_of_a_bots_and_its_owners_limit_counts(scene: Scene) -> None:
    bot = await scene.bot(max_order=Decimal(60))
    await limit(scene, await owner_of(scene, bot), per_trade=Decimal(100))
    await scene.enter()
    assert await planned(scene) == {bot: Decimal("0.0012")}


async def test_a_limit_below_the_venues_minimum_says_so(scene: Scene) -> None:
    bot = await scene.bot()
    await limit(scene, await owner_of(scene, bot), per_trade=Decimal(5))
    await scene.enter()
    assert await planned(scene) == {bot: "TRADE_LIMIT_BELOW_MINIMUM: free=5 needed=5.25"}


async def test_only_so_many_bots_enter(scene: Scene) -> None:
    person, bots = await bots_of_one(scene, 3)
    await limit(scene, person, positions=2)
    await scene.enter()
    found = await planned(scene)
    assert [found[bot] for bot in bots] == [
        Decimal("0.008"), Decimal("0.008"), "POSITIONS_LIMIT: open=2 limit=2",
    ]  # fmt: skip


async def test_what_is_held_and_what_is_on_its_way_both_count(scene: Scene) -> None:
    person, [holding, _] = await bots_of_one(scene, 2)
    plans = await scene.enter()
    await scene.place(plans[:1])  # One is in the trade, the other's plan waits.
    await limit(scene, person, allocation=Decimal(1000))
    await scene.bot(await scene.account(person), strategy="another")
    await scene.lead(Action.ADD, "0.9")
    plan = (await scene.plans())[-2]
    assert (plan.bot_id, plan.quantity) == (holding, Decimal("0.004")), "1000 - 400 - 400"


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        ({"day_loss": Decimal(50)}, "DAY_LOSS_LIMIT: lost=52.10 limit=50.00"),
        ({"cooldown_minutes": 60}, "COOLDOWN: until=2024-06-01T13:00:00+00:00"),
    ],
)
async def test_a_loss_of_one_bot_holds_back_all_of_its_owner(
    scene: Scene, limits: dict[str, Any], refusal: str
) -> None:
    person, bots = await bots_of_one(scene, 2)
    other = await scene.bot()
    await lost(scene, bots[0], "52.1")
    await limit(scene, person, **limits)
    await scene.enter()
    assert await planned(scene) == {
        bots[0]: refusal, bots[1]: refusal, other: Decimal("0.008"),
    }  # fmt: skip


async def test_a_fall_from_the_highest_result_holds_entries_back(scene: Scene) -> None:
    person, bots = await bots_of_one(scene, 2)
    await limit(scene, person, drawdown=Decimal(50))
    await lost(scene, bots[0], "30")
    await scene.sweep()
    await scene.enter()
    assert set((await planned(scene)).values()) == {Decimal("0.008")}, "nothing to fall from yet"


async def test_limits_of_thousands_cost_no_statement_each(scene: Scene) -> None:
    counts = []
    for bots in (2, 20):
        for _ in range(bots):
            bot = await scene.bot()
            await limit(scene, await owner_of(scene, bot), allocation=Decimal(100_000))
        await scene.bot(allocation=Decimal(1))
        await scene.market()
        decided = await scene.decide(Action.ENTER)
        counts.append(await _statements(scene, decided))
        await scene.decide(Action.EXIT, "0")
    assert counts[0] == counts[1] > 0


async def _statements(scene: Scene, decided: tuple[int, Proposal]) -> int:
    sent: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = scene.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    async with scene.database.transaction() as tx:
        await plan_for_bots(tx, *decided, scene.settings)
    event.remove(engine, "before_cursor_execute", note)
    return len(sent)
