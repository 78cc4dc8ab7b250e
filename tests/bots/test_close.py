"""Is a wish to close one wish, however often it is said, and is its end written down once?"""

import asyncio
from decimal import Decimal

from nexus.bots.close import finish_close, request_close
from nexus.bots.events import BotChanged, CloseRequested
from nexus.bots.models import Bot, CloseRequest
from nexus.bots.retry import WAITS
from tests.scenes import AT, Scene


async def close(scene: Scene, bot_id: int, key: str = "key") -> CloseRequest | None:
    async with scene.database.transaction() as tx:
        return await request_close(tx, bot_id, by="user:7", idempotency_key=key)


async def finish(scene: Scene, request: CloseRequest | None, *, sold: bool, outcome: str) -> None:
    assert request is not None
    async with scene.database.transaction() as tx:
        await finish_close(tx, request.id, sold=sold, outcome=outcome)


async def test_a_wish_is_written_down_and_told(scene: Scene) -> None:
    bot = await scene.bot()
    request = await close(scene, bot)
    assert request is not None
    assert (request.bot_id, request.requested_by, request.requested_at) == (bot, "user:7", AT)
    found = await scene.the_bot(bot)
    assert (found.status, found.status_by) == ("closing", "user:7")
    assert scene.heard == [CloseRequested(request.id), BotChanged(bot, found.user_id)]


async def test_there_is_no_such_bot(scene: Scene) -> None:
    assert await close(scene, 12345) is None


async def test_the_same_key_twice_is_one_wish(scene: Scene) -> None:
    bot = await scene.bot()
    first, second = await close(scene, bot), await close(scene, bot)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert len(await scene.rows(CloseRequest)) == 1


async def test_two_clicks_at_once_are_one_wish(scene: Scene) -> None:
    bot = await scene.bot()
    await asyncio.gather(*(close(scene, bot, key) for key in ("a", "a", "b", "c")))
    assert len(await scene.rows(CloseRequest)) == 1
    assert len([fact for fact in scene.heard if isinstance(fact, CloseRequested)]) == 1


async def test_an_old_key_does_not_close_a_bot_that_was_started_again(scene: Scene) -> None:
    bot = await scene.bot()
    first = await close(scene, bot)
    await finish(scene, first, sold=True, outcome="Everything was sold.")
    await scene.change(Bot, bot, status="running")
    again = await close(scene, bot)
    assert again is not None
    assert first is not None
    assert again.id == first.id
    assert (await scene.the_bot(bot)).status == "running"


async def test_what_was_sold_stops_the_bot_and_leaves_the_trade(scene: Scene) -> None:
    bot = await scene.follower()
    request = await close(scene, bot)
    scene.heard.clear()
    await finish(scene, request, sold=True, outcome="Everything was sold.")
    found = await scene.the_bot(bot)
    assert (found.status, found.status_reason) == ("stopped", "Everything was sold.")
    held = await scene.holding(bot)
    assert (held.trade_id, held.layers) == (None, 0)
    assert scene.heard == [BotChanged(bot, found.user_id)]
    [written] = await scene.rows(CloseRequest)
    assert (written.finished_at, written.outcome) == (AT, "Everything was sold.")


async def test_what_could_not_be_sold_is_tried_again_and_stays_in_its_trade(scene: Scene) -> None:
    bot = await scene.follower()
    await finish(scene, await close(scene, bot), sold=False, outcome="The reason.")
    found = await scene.the_bot(bot)
    assert (found.status, found.status_reason) == ("closing", "The reason.")
    [failed, again] = await scene.rows(CloseRequest)
    assert (failed.finished_at, failed.outcome) == (AT, "The reason.")
    assert (again.attempt, again.requested_by) == (2, failed.requested_by)
    assert (again.not_before, again.finished_at) == (AT + WAITS[0], None)
    held = await scene.holding(bot)
    assert (held.layers, held.quantity) == (1, Decimal("0.007992"))
    assert held.trade_id is not None


async def test_a_wish_ends_once(scene: Scene) -> None:
    bot = await scene.bot()
    request = await close(scene, bot)
    await finish(scene, request, sold=False, outcome="The first.")
    scene.heard.clear()
    await finish(scene, request, sold=True, outcome="The second.")
    assert (await scene.the_bot(bot)).status_reason == "The first."
    assert (await scene.rows(CloseRequest))[0].outcome == "The first."
    assert scene.heard == []


async def test_the_end_of_a_wish_does_not_touch_a_bot_that_went_on(scene: Scene) -> None:
    bot = await scene.bot()
    request = await close(scene, bot)
    await scene.change(Bot, bot, status="running")
    await finish(scene, request, sold=True, outcome="Everything was sold.")
    assert (await scene.the_bot(bot)).status == "running"


async def test_it_can_be_wished_again_after_a_failure(scene: Scene) -> None:
    bot = await scene.bot()
    await finish(scene, await close(scene, bot), sold=False, outcome="The reason.")
    again = await close(scene, bot, "another key")
    assert again is not None
    assert again.finished_at is None
    assert (await scene.the_bot(bot)).status == "closing"
