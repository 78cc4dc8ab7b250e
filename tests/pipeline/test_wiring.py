"""Is a wish to close taken up at once, but never before it stands in the database?"""

from typing import Any, cast

import pytest

from nexus.bots.close import request_close
from nexus.bots.events import CloseRequested
from nexus.pipeline.jobs import sweep
from nexus.pipeline.wiring import ring_for_closes
from tests.scenes import Scene


async def wish(scene: Scene, bot_id: int, *, fails: bool = False) -> None:
    ring = ring_for_closes(cast("Any", scene.bell))
    scene.database._reactions = {**scene.database._reactions, CloseRequested: [ring]}
    async with scene.database.transaction() as tx:
        await request_close(tx, bot_id, by="test", idempotency_key="1")
        assert scene.bell.rings == []
        if fails:
            raise KeyError("made up")


async def test_a_wish_rings_for_a_sweep(scene: Scene) -> None:
    await wish(scene, await scene.bot())
    assert [ring.job for ring in scene.bell.rings] == [sweep]


async def test_a_wish_that_was_rolled_back_rings_for_nothing(scene: Scene) -> None:
    bot = await scene.bot()
    with pytest.raises(KeyError):
        await wish(scene, bot, fails=True)
    assert scene.bell.rings == []
    assert (await scene.the_bot(bot)).status == "running"
