"""Is an order that waits for its turn not sent any more once a stop has been committed?"""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, update

from nexus.bots.close import request_close
from nexus.bots.models import Bot
from nexus.bots.start import pause_bot, stop_bot
from nexus.bots.stop import Meaning, stop_everything
from nexus.core.clock import SetClock
from nexus.core.db import Database, Transaction
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.vault import KeyPair
from nexus.exchanges.wire import Reply, Request
from nexus.execution.last_look import KEY_CHANGED, last_look
from nexus.execution.send import place_orders
from nexus.regime.record import set_switch
from nexus.simulator.server import SimulatorOptions, start_simulator
from tests.exchanges.desk import adapter, keys_of
from tests.scenes import AT, Scene

Stop = Callable[[Transaction], Awaitable[object]]
BOTS = 3


async def everything(tx: Transaction) -> None:
    await set_switch(tx, "everything", stopped=True, reason="", by="test")


async def strategy_entries(tx: Transaction) -> None:
    await set_switch(tx, "entries:strategy:trend", stopped=True, reason="", by="test")


async def one_person(tx: Transaction) -> None:
    person = (await tx.scalars(select(Bot.user_id).distinct())).one()
    await stop_everything(tx, person, Meaning.STOP, idempotency_key="1", network="")


async def each_bot_paused(tx: Transaction) -> None:
    for bot in await tx.scalars(select(Bot.id)):
        await pause_bot(tx, bot, by="test")


async def each_bot_stopped(tx: Transaction) -> None:
    for bot in await tx.scalars(select(Bot.id)):
        await stop_bot(tx, bot, by="test")


async def each_bot_closed(tx: Transaction) -> None:
    for bot in (await tx.scalars(select(Bot.id))).all():
        await request_close(tx, bot, by="test", idempotency_key=str(bot))


async def accounts_removed(tx: Transaction) -> None:
    await tx.execute(update(ExchangeAccount).values(status="removed"))


async def keys_replaced(tx: Transaction) -> None:
    await tx.execute(update(ExchangeAccount).values(key_version=2))


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (everything, "STOPPED: switch=everything"),
        (strategy_entries, "STOPPED: switch=entries:strategy:trend"),
        (one_person, "BOT_STOPPED: status=stopped"),
        (each_bot_paused, "BOT_PAUSED: status=paused"),
        (each_bot_stopped, "BOT_STOPPED: status=stopped"),
        (each_bot_closed, "BOT_CLOSING: status=closing"),
        (accounts_removed, "ACCOUNT_NOT_ACTIVE: status=removed"),
        (keys_replaced, KEY_CHANGED),
    ],
    ids=lambda value: getattr(value, "__name__", "so"),
)
async def test_a_stop_is_obeyed_by_orders_that_wait_for_their_turn(
    database: Database, monkeypatch: pytest.MonkeyPatch, stop: Stop, reason: str
) -> None:
    """One order at a time may be on its way; the stop is committed while the first one is."""
    monkeypatch.setattr("nexus.exchanges.last_look.LOOK_SECONDS", 0)
    exchange = await start_simulator(SimulatorOptions(accounts=BOTS))
    pairs = [KeyPair(one.key, one.secret) for one in exchange.accounts]
    venue = adapter(exchange.url, keys_of(*pairs), concurrency=1, look=last_look(database))
    scene = Scene(database, SetClock(AT))
    scene.other_venues = {"scripted": venue}
    person = await scene.person()
    for _ in range(BOTS):
        await scene.bot(await scene.account(person))
    async with database.transaction() as tx:
        await tx.execute(update(ExchangeAccount).values(key_version=1))
    plans = await scene.enter()
    wire = venue.lanes["default"].wire
    carry, sent = wire.carry, 0

    async def stop_meanwhile(request: Request) -> Reply:
        nonlocal sent
        reply = await carry(request)
        if request.method != "POST":
            return reply
        sent += 1
        async with database.transaction() as tx:
            await stop(tx)
        return reply

    monkeypatch.setattr(wire, "carry", stop_meanwhile)
    await place_orders(scene.broker, plans)
    await venue.close()
    await exchange.stop()

    assert sent == 1
    ended = sorted((plan.status, plan.reason) for plan in await scene.plans())
    assert ended == [*[("DENIED", reason)] * (BOTS - 1), ("DONE", "")]
