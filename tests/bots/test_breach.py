"""Does a limit that is to close do so, once, for its owner alone, and only where chosen?"""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from nexus.accounts.models import AuditEntry
from nexus.bots.breach import people_to_watch, watch_limits
from nexus.bots.events import BotsStopped
from nexus.bots.models import Bot, CloseRequest, Holding, ResultPeak
from nexus.bots.set_limits import restart_drawdown
from nexus.bots.start import start_bot
from nexus.core.clock import now
from nexus.market.models import TickerRow
from nexus.strategy.border import Action
from tests.limited import limit, owner_of
from tests.scenes import Scene
from tests.scripted import reject


async def lose(scene: Scene, bot_id: int, amount: str) -> None:
    """Let a bot have sold at a loss today, and still hold something."""
    async with scene.database.transaction() as tx:
        await tx.execute(
            update(Holding)
            .where(Holding.bot_id == bot_id)
            .values(day=now().date(), day_result=-Decimal(amount), realised=-Decimal(amount))
        )


async def statuses(scene: Scene) -> list[str]:
    return [bot.status for bot in await scene.rows(Bot)]


async def settled(scene: Scene) -> None:
    """Watch the limits, and do all that follows."""
    for _ in range(2):
        await scene.sweep()


async def test_a_days_loss_closes_where_its_owner_chose_so(scene: Scene) -> None:
    chose, blocks_only, none = [await scene.bot() for _ in range(3)]
    await scene.place(await scene.enter())
    for bot in (chose, blocks_only, none):
        await lose(scene, bot, "60")
    await limit(scene, await owner_of(scene, chose), day_loss=Decimal(50), day_loss_closes=True)
    await limit(scene, await owner_of(scene, blocks_only), day_loss=Decimal(50))
    await settled(scene)
    assert await statuses(scene) == ["stopped", "running", "running"]
    assert [order.side for order in await scene.orders()] == ["buy"] * 3 + ["sell"]
    [request] = await scene.rows(CloseRequest)
    assert (request.bot_id, request.requested_by) == (chose, "limit:day_loss")
    async with scene.database.transaction() as tx:
        acts = await tx.scalars(select(AuditEntry).where(AuditEntry.act == "limit_closed"))
        [entry] = acts.all()
    assert (entry.user_id, entry.actor_id) == (await owner_of(scene, chose), None)
    assert entry.detail == {"limit": "day_loss", "bots": 1}


async def test_below_the_limit_nothing_is_closed(scene: Scene) -> None:
    bot = await scene.follower()
    await lose(scene, bot, "49.99")
    await limit(scene, await owner_of(scene, bot), day_loss=Decimal(50), day_loss_closes=True)
    await settled(scene)
    assert await statuses(scene) == ["running"]


async def test_a_fall_of_what_is_held_closes_too(scene: Scene) -> None:
    bot = await scene.follower()
    person = await owner_of(scene, bot)
    await limit(scene, person, drawdown=Decimal(100), drawdown_closes=True)
    await scene.market(Decimal(60_000))
    await scene.sweep()
    [peak] = await scene_peaks(scene)
    assert (peak.user_id, peak.quote, peak.practice) == (person, "USDT", False)
    assert peak.peak == Decimal("79.52"), "0.007992 BTC at 60,000, which cost 400"
    await scene.market(Decimal(48_000))
    await scene.sweep()
    assert await statuses(scene) == ["running"], "79.52 + 16.384 is less than 100"
    await scene.market(Decimal(47_000))
    await settled(scene)
    assert await statuses(scene) == ["stopped"]


async def scene_peaks(scene: Scene) -> list[ResultPeak]:
    async with scene.database.transaction() as tx:
        return list(await tx.scalars(select(ResultPeak)))


async def test_the_highest_result_never_sinks_and_counts_from_the_setting_on(
    scene: Scene,
) -> None:
    bot = await scene.follower()
    person = await owner_of(scene, bot)
    await scene.market(Decimal(80_000))
    await scene.sweep()
    assert await scene_peaks(scene) == [], "nobody wanted it measured"
    await scene.market(Decimal(60_000))
    await limit(scene, person, drawdown=Decimal(100))
    assert [p.peak for p in await scene_peaks(scene)] == [Decimal("79.52")]
    await scene.market()
    await scene.sweep()
    assert [p.peak for p in await scene_peaks(scene)] == [Decimal("79.52")]
    async with scene.database.transaction() as tx:
        await restart_drawdown(tx, person, network="")
    assert [p.peak for p in await scene_peaks(scene)] == [Decimal("-0.4")]
    await limit(scene, person)
    assert await scene_peaks(scene) == []


async def test_without_a_price_nothing_is_closed_and_no_highest_is_noted(scene: Scene) -> None:
    bot = await scene.follower()
    await limit(scene, await owner_of(scene, bot), drawdown=Decimal(100), drawdown_closes=True)
    before = [p.peak for p in await scene_peaks(scene)]
    await scene.empty(TickerRow)
    await settled(scene)
    assert await statuses(scene) == ["running"]
    assert [p.peak for p in await scene_peaks(scene)] == before


async def test_a_sale_that_failed_is_tried_again_by_its_own_rules_alone(scene: Scene) -> None:
    """The limit asks once a day; the tries after a failure are those of any close."""
    bot = await scene.follower()
    await lose(scene, bot, "60")
    await limit(scene, await owner_of(scene, bot), day_loss=Decimal(50), day_loss_closes=True)
    scene.exchange.next_orders(reject(-1013, "Filter failure: NOTIONAL"))
    await settled(scene)
    assert await statuses(scene) == ["closing"]
    await settled(scene)
    first, again = await scene.rows(CloseRequest)
    assert (first.attempt, again.attempt) == (1, 2)
    assert len(scene.exchange.received) == 2, "the next try is not due yet"


async def test_a_bot_started_again_the_same_day_enters_nothing(scene: Scene) -> None:
    bot = await scene.follower()
    await lose(scene, bot, "60")
    await limit(scene, await owner_of(scene, bot), day_loss=Decimal(50), day_loss_closes=True)
    await settled(scene)
    async with scene.database.transaction() as tx:
        assert await start_bot(tx, bot, by="test")
    await scene.decide(Action.EXIT, "0")
    assert await scene.enter() == []
    scene.passes(days=1)
    await scene.decide(Action.EXIT, "0")
    assert len(await scene.enter()) == 1, "a new day has begun"


@pytest.mark.parametrize("status", ["stopped", "closing"])
async def test_bots_that_do_not_run_are_left_as_they_are(scene: Scene, status: str) -> None:
    bot = await scene.follower()
    await lose(scene, bot, "60")
    await scene.change(Bot, bot, status=status)
    await limit(scene, await owner_of(scene, bot), day_loss=Decimal(50), day_loss_closes=True)
    async with scene.database.transaction() as tx:
        assert await watch_limits(tx, await people_to_watch(tx)) == 0
    assert await statuses(scene) == [status]


async def test_only_those_who_need_it_are_watched(scene: Scene) -> None:
    bots = [await scene.bot() for _ in range(4)]
    people = [await owner_of(scene, bot) for bot in bots]
    await limit(scene, people[0], day_loss=Decimal(50), positions=2)
    await limit(scene, people[1], day_loss=Decimal(50), day_loss_closes=True)
    await limit(scene, people[2], drawdown=Decimal(50))
    async with scene.database.transaction() as tx:
        assert sorted(await people_to_watch(tx)) == people[1:3]


async def test_the_owner_hears_of_it_once(scene: Scene) -> None:
    bot = await scene.follower()
    scene.database._reactions = {BotsStopped: [scene._hear]}
    scene.heard.clear()
    await lose(scene, bot, "60")
    await limit(scene, await owner_of(scene, bot), day_loss=Decimal(50), day_loss_closes=True)
    for _ in range(3):
        scene.hands.at += timedelta(seconds=5)
        await scene.sweep()
    [told] = scene.heard
    assert isinstance(told, BotsStopped)
    assert (told.meaning, told.bots) == ("day_loss", 1)
