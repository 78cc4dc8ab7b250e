"""Does one tick run at a time, whoever runs it, and does a dead one not hold up the next?"""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from nexus.pipeline.models import TickSlot
from nexus.pipeline.slots import LEASE, TICK_LOCK, claim_slot, finish_slot, slot_of
from tests.scenes import AT, Scene

TEN = timedelta(seconds=10)


async def slots(scene: Scene) -> list[TickSlot]:
    async with scene.database.transaction() as tx:
        return list(await tx.scalars(select(TickSlot).order_by(TickSlot.slot)))


def test_a_slot_is_the_beginning_of_its_time() -> None:
    moment = datetime(2024, 6, 1, 12, 0, 19, 999_000, tzinfo=UTC)
    assert slot_of(moment, 10) == AT + TEN
    assert slot_of(AT + TEN, 10) == AT + TEN


async def test_a_slot_is_claimed_and_finished(scene: Scene) -> None:
    assert await claim_slot(scene.database, AT, "worker-1")
    scene.passes(seconds=2)
    await finish_slot(scene.database, AT, {"calls": 1})
    [slot] = await slots(scene)
    assert (slot.slot, slot.worker, slot.claimed_at) == (AT, "worker-1", AT)
    assert (slot.finished_at, slot.outcome) == (AT + timedelta(seconds=2), {"calls": 1})


async def test_of_many_at_once_one_gets_the_slot(scene: Scene) -> None:
    claims = await asyncio.gather(
        *(claim_slot(scene.database, AT, f"worker-{number}") for number in range(8))
    )
    assert sum(claims) == 1
    assert len(await slots(scene)) == 1


async def test_a_slot_is_never_claimed_again(scene: Scene) -> None:
    assert await claim_slot(scene.database, AT, "worker-1")
    assert not await claim_slot(scene.database, AT, "worker-2")
    scene.hands.at += LEASE
    assert not await claim_slot(scene.database, AT, "worker-2")
    await finish_slot(scene.database, AT, {})
    assert not await claim_slot(scene.database, AT, "worker-2")
    assert [slot.worker for slot in await slots(scene)] == ["worker-1"]


async def test_the_next_slot_waits_for_a_tick_under_way(scene: Scene) -> None:
    assert await claim_slot(scene.database, AT, "worker-1")
    scene.hands.at += TEN
    assert not await claim_slot(scene.database, AT + TEN, "worker-2")
    await finish_slot(scene.database, AT, {})
    assert await claim_slot(scene.database, AT + TEN, "worker-2")


async def test_a_worker_that_died_holds_up_no_longer_than_its_lease(scene: Scene) -> None:
    assert await claim_slot(scene.database, AT, "worker-1")
    scene.hands.at += LEASE - timedelta(seconds=1)
    assert not await claim_slot(scene.database, scene.hands.at, "worker-2")
    scene.hands.at += timedelta(seconds=1)
    assert await claim_slot(scene.database, scene.hands.at, "worker-2")


async def test_missed_slots_stay_missing(scene: Scene) -> None:
    for moment in (AT, AT + 6 * TEN):
        scene.hands.at = moment
        assert await claim_slot(scene.database, moment, "worker-1")
        await finish_slot(scene.database, moment, {})
    assert [slot.slot for slot in await slots(scene)] == [AT, AT + 6 * TEN]


async def test_while_another_claims_nobody_waits(scene: Scene) -> None:
    async with asyncio.timeout(10), scene.database.transaction() as tx:
        await tx.execute(select(func.pg_advisory_xact_lock(TICK_LOCK)))
        assert not await claim_slot(scene.database, AT, "worker-1")
    assert await claim_slot(scene.database, AT, "worker-1")
