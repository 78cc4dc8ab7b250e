"""Is a bot made, started and paused by the rules of its account and its owner's tier?"""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from nexus.bots.errors import BotRefusedError
from nexus.bots.events import BotChanged
from nexus.bots.models import Bot
from nexus.bots.start import create_bot, pause_bot, start_bot
from nexus.exchanges.models import ExchangeAccount
from tests.scenes import AT, Scene
from tests.scripted import BTC


async def create(
    scene: Scene, user_id: int, account_id: int, amount: str = "1000", strategy: str = "trend"
) -> Bot:
    async with scene.database.transaction() as tx:
        return await create_bot(
            tx,
            user_id=user_id,
            account_id=account_id,
            strategy=strategy,
            symbol=BTC,
            allocation=Decimal(amount),
            max_order=Decimal(50),
        )


async def test_a_new_bot_runs(scene: Scene) -> None:
    person = await scene.person()
    account = await scene.account(person)
    bot = await scene.the_bot((await create(scene, person, account)).id)
    assert (bot.user_id, bot.account_id, bot.strategy, bot.symbol) == (
        person,
        account,
        "trend",
        BTC,
    )
    assert bot.allocation == 1000
    assert bot.max_order == 50
    assert (bot.status, bot.status_by, bot.created_at) == ("running", f"user:{person}", AT)
    assert scene.heard == [BotChanged(bot.id, person)]


async def test_nobody_can_use_the_account_of_another(scene: Scene) -> None:
    alice, bob = await scene.person(), await scene.person()
    account = await scene.account(alice)
    with pytest.raises(BotRefusedError, match="your connected accounts") as refusal:
        await create(scene, bob, account)
    assert refusal.value.field == "account"
    assert await scene.rows(Bot) == []


@pytest.mark.parametrize("status", ["key_invalid", "removed"])
async def test_an_account_that_is_not_active_gets_no_bot(scene: Scene, status: str) -> None:
    person = await scene.person()
    account = await scene.account(person)
    await scene.change(ExchangeAccount, account, status=status)
    with pytest.raises(BotRefusedError, match="your connected accounts"):
        await create(scene, person, account)


async def test_a_strategy_runs_once_on_a_symbol_of_an_account(scene: Scene) -> None:
    person = await scene.person()
    account = await scene.account(person)
    await create(scene, person, account)
    with pytest.raises(BotRefusedError, match="already runs this strategy") as refusal:
        await create(scene, person, account)
    assert refusal.value.field == "symbol"
    await create(scene, person, await scene.account(person))


async def test_without_a_tier_there_is_no_bot(scene: Scene) -> None:
    person = await scene.person(tier=None)
    with pytest.raises(BotRefusedError, match="tier"):
        await create(scene, person, await scene.account(person))


async def test_with_an_ended_tier_there_is_no_bot(scene: Scene) -> None:
    person = await scene.person(valid_until=AT)
    with pytest.raises(BotRefusedError, match="tier"):
        await create(scene, person, await scene.account(person))
    later = await scene.person(valid_until=AT + timedelta(seconds=1))
    await create(scene, later, await scene.account(later))


async def test_a_tier_limits_the_number_of_bots(scene: Scene) -> None:
    person = await scene.person("starter")
    account = await scene.account(person)
    bots = [await create(scene, person, account, "10", f"s{number}") for number in range(3)]
    with pytest.raises(BotRefusedError, match="Your tier allows 3 bots"):
        await create(scene, person, account, "10", "s4")
    await scene.change(Bot, bots[0].id, status="stopped")
    await create(scene, person, account, "10", "s4")


async def test_a_tier_limits_what_all_bots_are_given(scene: Scene) -> None:
    person = await scene.person("starter")
    account = await scene.account(person)
    await create(scene, person, account, "1500.50", "s1")
    with pytest.raises(BotRefusedError, match=r"Your tier leaves 499\.50 to allocate") as refusal:
        await create(scene, person, account, "499.51", "s2")
    assert refusal.value.field == "allocation"
    await create(scene, person, account, "499.50", "s2")


async def test_two_bots_made_at_once_cannot_both_take_the_last_place(scene: Scene) -> None:
    person = await scene.person("starter")
    account = await scene.account(person)
    both = await asyncio.gather(
        *(create(scene, person, account, "1500", f"s{number}") for number in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in both) == ["Bot", "BotRefusedError"]


async def test_a_stopped_bot_starts_again_only_if_the_tier_still_has_room(scene: Scene) -> None:
    person = await scene.person("starter")
    account = await scene.account(person)
    bot = await create(scene, person, account, "1500", "s1")
    async with scene.database.transaction() as tx:
        await tx.execute(update(Bot).where(Bot.id == bot.id).values(status="stopped"))
    await create(scene, person, account, "1500", "s2")
    async with scene.database.transaction() as tx:
        assert not await start_bot(tx, bot.id, by="user:7")
    found = await scene.the_bot(bot.id)
    assert found.status == "stopped"
    assert found.status_reason == "It was not started: Your tier leaves 500.00 to allocate."


@pytest.mark.parametrize(
    ("act", "status", "after"),
    [
        (start_bot, "paused", "running"),
        (start_bot, "stopped", "running"),
        (pause_bot, "running", "paused"),
    ],
)
async def test_starting_and_pausing(scene: Scene, act: object, status: str, after: str) -> None:
    bot = await scene.bot(status=status, status_reason="A reason.")
    scene.passes(seconds=5)
    async with scene.database.transaction() as tx:
        assert await act(tx, bot, by="user:7")  # type: ignore[operator]
    found = await scene.the_bot(bot)
    assert (found.status, found.status_reason) == (after, "")
    assert (found.status_at, found.status_by) == (scene.hands.at, "user:7")
    assert scene.heard == [BotChanged(bot, found.user_id)]


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (start_bot, "running"),
        (start_bot, "closing"),
        (pause_bot, "paused"),
        (pause_bot, "closing"),
        (pause_bot, "stopped"),
    ],
)
async def test_what_changes_nothing(scene: Scene, act: object, status: str) -> None:
    bot = await scene.bot(status=status)
    async with scene.database.transaction() as tx:
        assert not await act(tx, bot, by="user:7")  # type: ignore[operator]
    assert (await scene.the_bot(bot)).status == status
    assert scene.heard == []


async def test_there_is_no_such_bot(scene: Scene) -> None:
    async with scene.database.transaction() as tx:
        assert not await start_bot(tx, 12345, by="user:7")
