"""Does everything pause for somebody who leaves, and for nobody else?"""

from nexus.accounts.events import DeletionAsked
from nexus.bots.events import BotChanged
from nexus.bots.leave import BY, pause_bots_of_leavers
from nexus.bots.models import Bot
from tests.scenes import AT, Scene


async def test_running_bots_pause_and_say_by_whom(scene: Scene) -> None:
    running, stopped = await scene.bot(), await scene.bot()
    theirs = (await scene.the_bot(running)).user_id
    await scene.change(Bot, stopped, status="stopped", user_id=theirs)
    other = await scene.bot()
    async with scene.database.transaction() as tx:
        await pause_bots_of_leavers(tx, [DeletionAsked(theirs)])
    paused = await scene.the_bot(running)
    assert (paused.status, paused.status_by, paused.status_at) == ("paused", BY, AT)
    assert (await scene.the_bot(stopped)).status == "stopped"
    assert (await scene.the_bot(other)).status == "running"
    assert scene.heard[-1] == BotChanged(running, theirs)
