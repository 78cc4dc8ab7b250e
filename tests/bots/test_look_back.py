"""Does a preview look back on the decisions of its own strategy and symbol, oldest first?"""

from nexus.bots.look_back import DECISIONS, past_decisions
from nexus.strategy.border import Action
from tests.scenes import Scene
from tests.scripted import BTC


async def test_the_newest_decisions_are_read_oldest_first(scene: Scene) -> None:
    await scene.decide(Action.ENTER, code="CRASH_GUARD")
    await scene.decide(Action.ENTER)
    await scene.decide(Action.EXIT, "0")
    async with scene.database.transaction() as tx:
        found = await past_decisions(tx, "trend", BTC)
        assert await past_decisions(tx, "trend", "ETH/USDT") == []
        assert await past_decisions(tx, "other", BTC) == []
    assert [(one.action, one.blocked) for one in found] == [
        ("enter", True),
        ("enter", False),
        ("exit", False),
    ]


async def test_it_looks_back_only_so_far(scene: Scene) -> None:
    for _ in range(DECISIONS + 3):
        await scene.decide(Action.ENTER, code="CRASH_GUARD")
    async with scene.database.transaction() as tx:
        assert len(await past_decisions(tx, "trend", BTC)) == DECISIONS
