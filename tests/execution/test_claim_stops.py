"""Does a stop that was committed before a claim always win, and one that comes later wait?"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, update

from nexus.bots.close import request_close
from nexus.bots.close_many import close_bots
from nexus.bots.models import Bot
from nexus.bots.start import pause_bot, stop_bot
from nexus.bots.stop import Meaning
from nexus.bots.stop import stop_everything as stop_all_of_a_person
from nexus.core.db import Transaction
from nexus.exchanges.models import ExchangeAccount
from nexus.execution.claim import Claims, claim
from nexus.regime.record import set_switch
from tests.scenes import Scene, somebody_waits

Stop = Callable[[Transaction], Awaitable[object]]


async def stop_everything(tx: Transaction) -> None:
    await set_switch(tx, "everything", stopped=True, reason="", by="test")


async def stop_the_strategy(tx: Transaction) -> None:
    """Stop it for the first time: its switch is a new row, which nobody can have locked."""
    await set_switch(tx, "strategy:trend", stopped=True, reason="", by="test")


async def pause(tx: Transaction) -> None:
    await pause_bot(tx, await _only(tx, Bot.id), by="test")


async def close(tx: Transaction) -> None:
    await request_close(tx, await _only(tx, Bot.id), by="test", idempotency_key="1")


async def _all_of_a_person(tx: Transaction, meaning: Meaning) -> None:
    person = await _only(tx, Bot.user_id)
    changed = await stop_all_of_a_person(tx, person, meaning, idempotency_key="1", network="")
    assert changed == 1


async def pause_all(tx: Transaction) -> None:
    await _all_of_a_person(tx, Meaning.PAUSE)


async def stop_all(tx: Transaction) -> None:
    await _all_of_a_person(tx, Meaning.STOP)


async def close_all(tx: Transaction) -> None:
    await _all_of_a_person(tx, Meaning.CLOSE)


async def remove_account(tx: Transaction) -> None:
    await tx.execute(update(ExchangeAccount).values(status="removed"))


async def _only(tx: Transaction, column: object) -> int:
    return int((await tx.scalars(select(column))).one())  # type: ignore[call-overload]


async def pause_all_entries(tx: Transaction) -> None:
    await set_switch(tx, "entries:everything", stopped=True, reason="", by="test")


async def pause_the_strategys_entries(tx: Transaction) -> None:
    await set_switch(tx, "entries:strategy:trend", stopped=True, reason="", by="test")


async def close_by_staff(tx: Transaction) -> None:
    assert await close_bots(tx, actor_id=1, idempotency_key="1") == 1


async def stop_one(tx: Transaction) -> None:
    await stop_bot(tx, await _only(tx, Bot.id), by="test")


STOPS: dict[Stop, str] = {
    pause_all_entries: "STOPPED: switch=entries:everything",
    pause_the_strategys_entries: "STOPPED: switch=entries:strategy:trend",
    close_by_staff: "BOT_CLOSING: status=closing",
    stop_one: "BOT_STOPPED: status=stopped",
    stop_everything: "STOPPED: switch=everything",
    stop_the_strategy: "STOPPED: switch=strategy:trend",
    pause: "BOT_PAUSED: status=paused",
    close: "BOT_CLOSING: status=closing",
    pause_all: "BOT_PAUSED: status=paused",
    stop_all: "BOT_STOPPED: status=stopped",
    close_all: "BOT_CLOSING: status=closing",
    remove_account: "ACCOUNT_NOT_ACTIVE: status=removed",
}


async def claimed(scene: Scene, plan_ids: list[int]) -> Claims:
    async with scene.database.transaction() as tx:
        return await claim(tx, plan_ids, scene.broker)


async def stopped(scene: Scene, stop: Stop) -> None:
    async with scene.database.transaction() as tx:
        await stop(tx)


async def endings(scene: Scene) -> list[tuple[str, str]]:
    return [(plan.status, plan.reason) for plan in await scene.plans()]


@pytest.mark.parametrize("stop", STOPS)
async def test_a_stop_before_the_claim_wins(scene: Scene, stop: Stop) -> None:
    await scene.bot()
    plans = await scene.enter()
    await stopped(scene, stop)
    assert await claimed(scene, plans) == Claims([], [])
    assert await endings(scene) == [("DENIED", STOPS[stop])]


@pytest.mark.parametrize("stop", STOPS)
async def test_a_claim_waits_for_a_stop_under_way_and_obeys_it(scene: Scene, stop: Stop) -> None:
    await scene.bot()
    plans = await scene.enter()
    async with scene.database.transaction() as tx:
        await stop(tx)
        waiting = asyncio.create_task(claimed(scene, plans))
        await somebody_waits(scene.database)
    assert await waiting == Claims([], [])
    assert await endings(scene) == [("DENIED", STOPS[stop])]


@pytest.mark.parametrize("stop", STOPS)
async def test_a_stop_waits_for_a_claim_under_way(scene: Scene, stop: Stop) -> None:
    await scene.bot()
    plans = await scene.enter()
    async with scene.database.transaction() as tx:
        assert len((await claim(tx, plans, scene.broker)).intents) == 1
        waiting = asyncio.create_task(stopped(scene, stop))
        await somebody_waits(scene.database)
        assert not waiting.done()
    await waiting


async def test_a_released_switch_lets_orders_through_again(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    await stopped(scene, stop_everything)
    async with scene.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=False, reason="", by="test")
    assert len((await claimed(scene, plans)).intents) == 1


async def test_the_stop_of_another_strategy_changes_nothing(scene: Scene) -> None:
    await scene.bot()
    plans = await scene.enter()
    async with scene.database.transaction() as tx:
        await set_switch(tx, "strategy:another", stopped=True, reason="", by="test")
    assert len((await claimed(scene, plans)).intents) == 1
