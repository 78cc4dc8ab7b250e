"""Is a bot deleted only when it has nothing left to do, and is its history kept?"""

from typing import Any

import pytest
from sqlalchemy import update

from nexus.bots.errors import BotRefusedError
from nexus.bots.models import Bot, Holding
from nexus.bots.start import create_bot, pause_bot, start_bot, stop_bot
from nexus.fanout.delete import HOLDS, ORDER_OPEN, RUNS, delete_bot
from tests.accounts.people import acts
from tests.scenes import Scene
from tests.scripted import BTC


async def delete(scene: Scene, bot_id: int) -> str:
    """Delete a bot; give why it was refused, empty when it was not."""
    try:
        async with scene.database.transaction() as tx:
            await delete_bot(tx, bot_id, network="here")
    except BotRefusedError as refused:
        return refused.sentence
    return ""


async def stop(scene: Scene, bot_id: int) -> None:
    async with scene.database.transaction() as tx:
        await stop_bot(tx, bot_id, by="test")


async def leave_trade(scene: Scene, bot_id: int) -> None:
    """Let what a bot holds be dust."""
    async with scene.database.transaction() as tx:
        await tx.execute(
            update(Holding).where(Holding.bot_id == bot_id).values(trade_id=None, layers=0)
        )


@pytest.mark.parametrize("status", ["running", "paused", "closing"])
async def test_what_may_still_trade_is_not_deleted(scene: Scene, status: str) -> None:
    bot = await scene.bot(status=status)
    assert await delete(scene, bot) == RUNS
    assert (await scene.the_bot(bot)).deleted_at is None


async def test_what_holds_a_position_is_not_deleted(scene: Scene) -> None:
    bot = await scene.follower()
    await stop(scene, bot)
    assert await delete(scene, bot) == HOLDS
    await leave_trade(scene, bot)
    assert await delete(scene, bot) == "", "what is left is dust"


async def test_an_order_that_is_not_settled_keeps_it(scene: Scene) -> None:
    bot = await scene.bot()
    await scene.enter()
    await stop(scene, bot)
    assert await delete(scene, bot) == ORDER_OPEN


async def test_its_history_is_kept_and_it_never_trades_again(scene: Scene) -> None:
    bot = await scene.follower()
    await stop(scene, bot)
    await leave_trade(scene, bot)
    assert await delete(scene, bot) == ""
    assert await delete(scene, bot) == "", "twice is once"
    owner = (await scene.the_bot(bot)).user_id
    assert await acts(scene.database, owner) == ["bot_deleted"]
    assert len(await scene.fills()) == 1
    async with scene.database.transaction() as tx:
        assert not await start_bot(tx, bot, by="test")
        assert not await pause_bot(tx, bot, by="test")
    assert (await scene.the_bot(bot)).status == "stopped"


async def test_its_place_is_free_for_a_new_one(scene: Scene) -> None:
    bot = await scene.bot(status="stopped")
    row = await scene.the_bot(bot)
    values: dict[str, Any] = {
        "user_id": row.user_id, "account_id": row.account_id, "strategy": "trend", "symbol": BTC,
        "allocation": row.allocation,
    }  # fmt: skip
    with pytest.raises(BotRefusedError):
        async with scene.database.transaction() as tx:
            await create_bot(tx, **values)
    assert await delete(scene, bot) == ""
    async with scene.database.transaction() as tx:
        assert (await create_bot(tx, **values)).id != bot
    assert len(await scene.rows(Bot)) == 2
    assert await scene.rows(Holding) == []
