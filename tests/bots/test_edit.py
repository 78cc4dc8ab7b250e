"""Does another amount change what is bought from now on, and nothing else?"""

from decimal import Decimal

import pytest

from nexus.bots.edit import CHANGED_MEANWHILE, change_allocation, meaning
from nexus.bots.errors import BotRefusedError
from nexus.bots.models import Bot
from nexus.bots.views import BotView, bot_of
from nexus.core.db import Transaction
from tests.accounts.people import acts
from tests.scenes import Scene


async def view(tx: Transaction, scene: Scene, bot_id: int) -> BotView:
    owner = (await scene.the_bot(bot_id)).user_id
    found = await bot_of(tx, owner, bot_id, {})
    assert found
    return found


async def change(scene: Scene, bot_id: int, to: int, was: int = 1000) -> str:
    """Give a bot another amount; give why it was refused, empty when it was not."""
    try:
        async with scene.database.transaction() as tx:
            bot = await view(tx, scene, bot_id)
            await change_allocation(tx, bot, Decimal(to), was=Decimal(was), network="here")
    except BotRefusedError as refused:
        return refused.sentence
    return ""


async def amount(scene: Scene, bot_id: int) -> int:
    return int((await scene.the_bot(bot_id)).allocation)


async def test_the_amount_is_changed_and_written_down(scene: Scene) -> None:
    bot = await scene.bot()
    assert await change(scene, bot, 1000) == "", "the same again"
    assert await change(scene, bot, 400) == ""
    assert await amount(scene, bot) == 400
    owner = (await scene.the_bot(bot)).user_id
    assert await acts(scene.database, owner) == ["bot_amount_changed"]


async def test_nobody_overwrites_a_change_they_did_not_see(scene: Scene) -> None:
    bot = await scene.bot()
    assert await change(scene, bot, 400) == ""
    assert await change(scene, bot, 800, was=1000) == CHANGED_MEANWHILE
    assert await amount(scene, bot) == 400


async def test_the_tier_is_asked_for_more_and_not_for_less(scene: Scene) -> None:
    owner = await scene.person("starter")
    bot = await scene.bot(await scene.account(owner), allocation=Decimal(1500))
    assert await change(scene, bot, 2001, was=1500) == "Your tier leaves 2000.00 to allocate."
    assert await change(scene, bot, 2000, was=1500) == ""
    assert await change(scene, bot, 100, was=2000) == ""


async def test_a_full_tier_does_not_keep_a_bot_from_its_own_place(scene: Scene) -> None:
    owner = await scene.person("starter")
    bots = [await scene.bot(await scene.account(owner), allocation=Decimal(100)) for _ in range(3)]
    assert await change(scene, bots[0], 200, was=100) == ""


async def test_a_deleted_bot_is_given_nothing(scene: Scene) -> None:
    bot = await scene.bot(status="stopped")
    async with scene.database.transaction() as tx:
        seen = await view(tx, scene, bot)
    await scene.change(Bot, bot, deleted_at=scene.hands.at)
    with pytest.raises(BotRefusedError):
        async with scene.database.transaction() as tx:
            await change_allocation(tx, seen, Decimal(5), was=Decimal(1000), network="")


async def test_what_it_means_is_said_before(scene: Scene) -> None:
    bot = await scene.follower()
    async with scene.database.transaction() as tx:
        seen = await view(tx, scene, bot)
    assert meaning(seen, Decimal(2000))[0].startswith("Nothing is bought now.")
    assert meaning(seen, Decimal(900))[0] == "Its next purchases are smaller."
    too_little = meaning(seen, Decimal(100))
    assert "invested, which is more than that" in too_little[0]
    assert too_little[1].startswith("Nothing is sold by this.")
