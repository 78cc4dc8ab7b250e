"""Is every fill booked once, and soon, whatever becomes of the connections?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.exchanges import rests
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.stream_leases import hold_shards
from nexus.exchanges.user_stream import Deaf, MoneyMoved
from nexus.execution import listen
from nexus.execution.hear import record_orders
from nexus.execution.listen import Listener, keep_listening
from nexus.strategy.border import Action
from tests.execution.hearing import PATIENCE_SECONDS, SOON_SECONDS, Hearing, count_leases, hearing
from tests.feed.watching import until

PEOPLE = 12
GAP_SECONDS = 10
"""So soon after a connection is back, what was missed must be in the ledger."""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rests, "LONGEST_PAUSE_SECONDS", 1)
    monkeypatch.setattr(listen, "ROUND_SECONDS", SOON_SECONDS)


@asynccontextmanager
async def running(world: Hearing) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(world.listener.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Hearing]:
    async with hearing(database, PEOPLE) as world:
        yield world


async def test_fills_are_booked_by_what_is_heard_alone(world: Hearing) -> None:
    world.lose_answers()
    world.double_events()
    async with running(world):
        await world.until_all_are_heard()
        asked = world.simulator.exchange.record.counts.copy()
        await world.lead(Action.ENTER, "0.4")
        await world.until_ended(PEOPLE)
        assert (
            world.simulator.exchange.record.counts["GET /api/v3/order"]
            == asked["GET /api/v3/order"]
        )
    assert await world.booked() == world.traded()


@pytest.mark.parametrize("seed", [3, 11])
async def test_cut_at_random_no_fill_is_missed_and_none_doubled(world: Hearing, seed: int) -> None:
    chance = Random(seed)  # noqa: S311  a test's own dice
    world.lose_answers()
    world.double_events()
    moves = ((Action.ENTER, "0.4"), (Action.ADD, "0.7"), (Action.EXIT, "0"))
    async with running(world):
        await world.until_all_are_heard()
        for orders, (action, target) in enumerate(moves, start=1):
            leading = asyncio.create_task(world.lead(action, target))
            for _ in range(3):
                await asyncio.sleep(chance.random() * 0.1)
                world.cut()
            await leading
            world.cut()
            await world.until_all_are_heard()
            await world.until_ended(orders * PEOPLE, GAP_SECONDS)
    assert await world.booked() == world.traded()
    assert len(world.traded()) >= 3 * PEOPLE
    assert {account.id for account in world.accounts} == set(world.read), "balances are read again"
    sent = [
        o for s in world.simulator.accounts for o in world.simulator.exchange.by_uid[s.uid].orders
    ]
    assert len(sent) == 3 * PEOPLE, "no order was sent because of what was heard, or not heard"


async def test_balances_are_written_with_the_time_they_are_of(world: Hearing) -> None:
    began = now()
    async with running(world):
        await world.until_all_are_heard()
        await world.lead(Action.ENTER, "0.4")
        await world.until_ended(PEOPLE)
        real = world.simulator.exchange.by_uid[world.simulator.accounts[0].uid]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await balances(world, 1)).get("USDT") != real.free["USDT"]:  # noqa: ASYNC110
                await asyncio.sleep(SOON_SECONDS)
    async with world.scene.database.transaction() as tx:
        rows = list(await tx.scalars(select(AccountBalance).where(AccountBalance.account_id == 1)))
    assert {row.asset: row.free for row in rows}["BTC"] == real.free["BTC"]
    assert all(began < row.as_of <= now() for row in rows)


async def balances(world: Hearing, account_id: int) -> dict[str, object]:
    async with world.scene.database.transaction() as tx:
        rows = await tx.scalars(
            select(AccountBalance).where(AccountBalance.account_id == account_id)
        )
        return {row.asset: row.free for row in rows}


async def test_what_cannot_be_booked_is_asked_for(
    world: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [1]

    async def fails_once(*arguments: object) -> list[int]:
        if failures:
            failures.pop()
            raise ConnectionError("the database is away")
        return await record_orders(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(listen, "record_orders", fails_once)
    world.lose_answers()
    async with running(world):
        await world.until_all_are_heard()
        await world.lead(Action.ENTER, "0.4")
        await world.until_ended(PEOPLE, GAP_SECONDS)
    assert failures == []
    assert await world.booked() == world.traded()


async def test_a_deposit_lets_the_account_be_read(world: Hearing) -> None:
    world.listener._facts.put_nowait(MoneyMoved(5, "USDT"))
    async with running(world):
        await until(lambda: 5 in world.read)


async def test_a_refused_key_is_looked_into_at_once(world: Hearing) -> None:
    for account_id in (1, 2):
        await world.scene.change(ExchangeAccount, account_id, health_at=now())
    world.listener._facts.put_nowait(Deaf(1, "the exchange ended it", key_refused=True))
    world.listener._facts.put_nowait(Deaf(2, "busy", key_refused=False))
    async with running(world):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await health_at(world, 1) is not None:  # noqa: ASYNC110  it rings no bell
                await asyncio.sleep(SOON_SECONDS)
        assert await health_at(world, 2) is not None


async def health_at(world: Hearing, account_id: int) -> object:
    async with world.scene.database.transaction() as tx:
        return (await tx.get_one(ExchangeAccount, account_id)).health_at


async def test_who_stops_listening_gives_the_accounts_back(world: Hearing) -> None:
    async with running(world):
        await world.until_all_are_heard()
        assert await count_leases(world.scene) == 1
    assert await count_leases(world.scene) == 0
    assert world.listener.lines == {}
    await until(lambda: world.simulator.exchange.streams.count_subscriptions() == 0)


async def test_a_lease_that_another_took_ends_the_connection(world: Hearing) -> None:
    async with running(world):
        await world.until_all_are_heard()
        async with world.scene.database.transaction() as tx:
            await tx.execute(text("UPDATE stream_leases SET holder = 'another'"))
        await until(lambda: world.listener.lines == {})
        await until(lambda: world.simulator.exchange.streams.count_subscriptions() == 0)


async def test_a_connection_whose_task_died_is_made_anew(world: Hearing) -> None:
    async with running(world):
        await world.until_all_are_heard()
        [first] = world.listener.lines.values()
        first.task.cancel()
        await until(lambda: first not in world.listener.lines.values())
        await world.until_all_are_heard()


async def test_a_lost_database_does_not_end_the_listening(
    world: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [1, 2, 3]

    async def fails_thrice(*arguments: object) -> object:
        if failures:
            failures.pop()
            raise ConnectionError("the database is away")
        return await hold_shards(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(listen, "hold_shards", fails_thrice)
    async with running(world):
        await world.until_all_are_heard()
    assert failures == []


# ------------------------------------------------------------------------------- kept listening
async def test_a_listener_that_fails_is_replaced_and_hears_on(
    world: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "pause_seconds", lambda failures: failures / 1000)
    made: list[Listener] = []

    def make() -> Listener:
        world.listener = world.new_listener()
        made.append(world.listener)
        return world.listener

    with capture_logs() as said:
        task = asyncio.create_task(keep_listening(make))
        for _ in range(3):
            await world.until_all_are_heard()
            await break_gaps(world.listener)
        await world.until_all_are_heard()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    failed = [line for line in said if line["event"] == "listener_failed"]
    assert [line["failures"] for line in failed] == [1, 2, 3]
    assert len(made) == 4
    assert await count_leases(world.scene) == 0


async def break_gaps(listener: Listener) -> None:
    """Let a defect end the listener's work, and wait until it is gone."""
    listener.gaps._balances_wanted = None  # type: ignore[assignment]
    listener.gaps._wanted.set()
    listener._facts.put_nowait(MoneyMoved(1, "USDT"))
    await until(lambda: listener.lines == {})
