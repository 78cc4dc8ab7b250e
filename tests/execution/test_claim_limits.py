"""Do a person's limits hold in the claim, where many plans of theirs may be under way at once?"""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from nexus.bots.limits import Limits
from nexus.bots.models import Bot, Holding, LimitsRow
from nexus.bots.set_limits import set_limits
from nexus.core.clock import now
from nexus.execution.claim import Claims, claim
from nexus.fanout.events import PlanRefused
from nexus.strategy.border import Action
from tests.limited import bots_of_one, limit, owner_of
from tests.scenes import Scene, somebody_waits
from tests.scripted import lose_answer

RACED = [
    ({"positions": 1}, "POSITIONS_LIMIT: open=1 limit=1"),
    ({"allocation": Decimal(500)}, "ALLOCATION_LIMIT: wanted=400.00 left=100.00"),
]


async def claimed(scene: Scene, plan_ids: list[int]) -> Claims:
    async with scene.database.transaction() as tx:
        return await claim(tx, plan_ids, scene.broker)


async def reasons(scene: Scene) -> list[str]:
    return [plan.reason for plan in await scene.plans() if plan.status == "DENIED"]


@pytest.mark.parametrize(("limits", "refusal"), RACED)
async def test_of_two_claims_at_once_the_second_waits_and_is_refused(
    scene: Scene, limits: dict[str, Any], refusal: str
) -> None:
    person, _ = await bots_of_one(scene, 2)
    first, second = await scene.enter()
    await limit(scene, person, **limits)
    async with scene.database.transaction() as tx:
        assert len((await claim(tx, [first], scene.broker)).intents) == 1
        late = asyncio.create_task(claimed(scene, [second]))
        await somebody_waits(scene.database)
    assert await late == Claims([], [])
    assert await reasons(scene) == [refusal]


@pytest.mark.parametrize(("limits", "refusal"), RACED)
async def test_two_plans_in_one_claim_share_what_is_left(
    scene: Scene, limits: dict[str, Any], refusal: str
) -> None:
    person, _ = await bots_of_one(scene, 2)
    plans = await scene.enter()
    await limit(scene, person, **limits)
    assert len((await claimed(scene, plans)).intents) == 1
    assert await reasons(scene) == [refusal]


@pytest.mark.parametrize("limits", [{"positions": 2}, {"allocation": Decimal(900)}])
async def test_many_workers_never_pass_a_limit_together(
    scene: Scene, limits: dict[str, Any]
) -> None:
    person, _ = await bots_of_one(scene, 6)
    plans = await scene.enter()
    await limit(scene, person, **limits)
    async with asyncio.timeout(30):
        await asyncio.gather(*(scene.place([plan]) for plan in plans))
    assert len(scene.exchange.received) == 2
    assert len(await reasons(scene)) == 4


async def test_an_order_of_unknown_fate_keeps_its_place(scene: Scene) -> None:
    person, _ = await bots_of_one(scene, 2)
    first, second = await scene.enter()
    await limit(scene, person, positions=1)
    scene.exchange.next_orders(lose_answer(placed=True))
    await scene.place([first])
    assert [order.status for order in await scene.orders()] == ["UNKNOWN"]
    await scene.place([second])
    assert await reasons(scene) == ["POSITIONS_LIMIT: open=1 limit=1"]


async def test_another_persons_orders_take_nothing_away(scene: Scene) -> None:
    mine, other = await scene.bot(), await scene.bot()
    plans = await scene.enter()
    for bot in (mine, other):
        await limit(scene, await owner_of(scene, bot), positions=1, allocation=Decimal(400))
    assert len((await claimed(scene, plans)).intents) == 2


async def test_practice_money_and_real_money_are_counted_apart(scene: Scene) -> None:
    person = await scene.person()
    await scene.bot(await scene.account(person))
    practice = await scene.account(person, venue="paper")
    scene.other_venues["paper"] = scene.exchange
    await scene.market()
    await scene.enter()
    practicing = await scene.bot(practice)
    await limit(scene, person, positions=1)
    async with scene.database.transaction() as tx:
        tx.add(
            Holding(
                bot_id=practicing, quantity=1, cost=50_000, realised=-900, trade_id=1,
                day=now().date(), day_result=-900, lost_at=now(), updated_at=now(),
            )
        )  # fmt: skip
    [real] = [plan.id for plan in await scene.plans()]
    assert len((await claimed(scene, [real])).intents) == 1


@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        ({"per_trade": Decimal(399)}, "TRADE_LIMIT: wanted=400.00 limit=399.00"),
        ({"day_loss": Decimal(50)}, "DAY_LOSS_LIMIT: lost=52.10 limit=50.00"),
        ({"cooldown_minutes": 10}, "COOLDOWN: until=2024-06-01T12:10:00+00:00"),
    ],
)
async def test_a_limit_set_after_the_plan_was_made_still_counts(
    scene: Scene, limits: dict[str, Any], refusal: str
) -> None:
    bot = await scene.bot()
    plans = await scene.enter()
    async with scene.database.transaction() as tx:
        tx.add(
            Holding(
                bot_id=bot, quantity=0, cost=0, realised=Decimal("-52.1"), day=now().date(),
                day_result=Decimal("-52.1"), lost_at=now(), updated_at=now(),
            )
        )  # fmt: skip
    await limit(scene, await owner_of(scene, bot), **limits)
    await scene.place(plans)
    assert scene.exchange.received == []
    assert await reasons(scene) == [refusal]
    assert [f.reason for f in scene.heard if isinstance(f, PlanRefused)] == [refusal]


async def test_yesterdays_loss_and_a_pause_that_has_passed_forbid_nothing(scene: Scene) -> None:
    bot = await scene.bot()
    await limit(scene, await owner_of(scene, bot), day_loss=Decimal(1), cooldown_minutes=10)
    yesterday = now() - timedelta(days=1)
    async with scene.database.transaction() as tx:
        tx.add(
            Holding(
                bot_id=bot, quantity=0, cost=0, realised=-90, day=yesterday.date(),
                day_result=-90, lost_at=yesterday, updated_at=now(),
            )
        )  # fmt: skip
    await scene.place(await scene.enter())
    assert len(scene.exchange.received) == 1


async def test_the_fall_of_the_result_is_asked_at_the_claim(scene: Scene) -> None:
    """What is held has lost half its worth between the plan and the claim."""
    bot = await scene.follower()
    await limit(scene, await owner_of(scene, bot), drawdown=Decimal(100))
    plans = await scene.lead(Action.ADD, "0.7")
    assert len(plans) == 1
    await scene.market(Decimal(25_000))
    await scene.place(plans)
    [reason] = await reasons(scene)
    assert reason.startswith("DRAWDOWN_LIMIT: fallen=199.80 limit=100.00")


async def test_no_limit_stands_against_a_sale(scene: Scene) -> None:
    bot = await scene.follower()
    await limit(
        scene, await owner_of(scene, bot), allocation=Decimal("0.01"), per_trade=Decimal("0.01"),
        day_loss=Decimal("0.01"), drawdown=Decimal("0.01"), positions=1, cooldown_minutes=999,
    )  # fmt: skip
    async with scene.database.transaction() as tx:
        await tx.execute(update(Holding).values(day=now().date(), day_result=-900, lost_at=now()))
    await scene.place(await scene.leave())
    assert [order.side for order in await scene.orders()] == ["buy", "sell"]


async def test_a_limit_that_was_committed_holds_for_every_later_claim(scene: Scene) -> None:
    """Even the first one somebody sets: there is no row yet that a claim could have locked."""
    bot = await scene.bot()
    person = await owner_of(scene, bot)
    plans = await scene.enter()
    async with scene.database.transaction() as tx:
        await set_limits(tx, person, Limits(per_trade=Decimal(5)), proven=False, network="")
        late = asyncio.create_task(claimed(scene, plans))
        await somebody_waits(scene.database)
    assert (await late).intents == []
    assert await reasons(scene) == ["TRADE_LIMIT: wanted=400.00 limit=5.00"]


async def test_setting_a_limit_waits_for_a_claim_under_way(scene: Scene) -> None:
    bot = await scene.bot()
    person = await owner_of(scene, bot)
    plans = await scene.enter()
    async with scene.database.transaction() as tx:
        assert len((await claim(tx, plans, scene.broker)).intents) == 1
        late = asyncio.create_task(limit(scene, person, per_trade=Decimal(5)))
        await somebody_waits(scene.database)
    await late
    async with scene.database.transaction() as tx:
        assert (await tx.get_one(LimitsRow, person)).per_trade == 5


async def test_an_amount_that_was_lowered_holds_for_every_later_claim(scene: Scene) -> None:
    bot = await scene.bot()
    plans = await scene.enter()
    await scene.change(Bot, bot, allocation=Decimal(100))
    assert (await claimed(scene, plans)).intents == []
    assert await reasons(scene) == ["AMOUNT_LOWERED: left=100 needed=400"]


async def test_an_amount_that_was_lowered_stops_no_sale(scene: Scene) -> None:
    bot = await scene.follower()
    await scene.change(Bot, bot, allocation=Decimal(1))
    assert len((await claimed(scene, await scene.leave())).intents) == 1
