"""Does a database that was restored from yesterday start stopped, and send nothing old?"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from nexus.core.clock import now
from nexus.pipeline.gap import stop_after_gap
from nexus.pipeline.models import TickSlot
from nexus.pipeline.run import run_due_tick
from nexus.regime.models import Switch
from nexus.regime.record import set_switch
from tests.pipeline.house import House
from tests.scripted import WorkerDiedError, kill_worker

LONGEST = 300


async def switch(house: House) -> Switch:
    async with house.scene.database.transaction() as tx:
        return (await tx.scalars(select(Switch).where(Switch.name == "everything"))).one()


async def release(house: House) -> None:
    async with house.scene.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=False, reason="", by="an operator")


async def test_ticks_that_follow_each_other_stop_nothing(house: House) -> None:
    assert not await stop_after_gap(house.scene.database, LONGEST)  # There was no tick yet.
    await run_due_tick(house.desk)
    house.scene.passes(seconds=LONGEST)
    assert not await stop_after_gap(house.scene.database, LONGEST)
    assert not (await switch(house)).stopped


async def test_yesterdays_database_starts_stopped_and_says_why(house: House) -> None:
    await run_due_tick(house.desk)
    house.scene.passes(hours=24)
    assert await stop_after_gap(house.scene.database, LONGEST)
    stopped = await switch(house)
    assert stopped.stopped
    assert "restored from a backup" in stopped.reason
    assert not await stop_after_gap(house.scene.database, LONGEST)  # It is said once.


async def test_what_it_still_wanted_to_send_is_refused_and_its_open_order_asked_about(
    house: House,
) -> None:
    scene = house.scene
    await run_due_tick(house.desk)
    bots = [await scene.bot() for _ in range(2)]
    sent, waiting = await scene.enter()
    scene.exchange.next_orders(kill_worker(placed=True))
    with pytest.raises(WorkerDiedError):
        await scene.place([sent])
    received = len(scene.exchange.received)
    scene.passes(hours=24)
    await stop_after_gap(scene.database, LONGEST)
    await scene.sweep()
    await scene.ask()
    plans = {plan.id: plan for plan in await scene.plans()}
    assert len(bots) == 2
    assert len(scene.exchange.received) == received  # Nothing was sent.
    assert plans[waiting].status in ("DENIED", "EXPIRED_UNSENT")
    assert plans[sent].status == "DONE"  # Found by its client id.


async def test_an_exit_that_is_young_enough_is_refused_too(house: House) -> None:
    scene = house.scene
    await scene.bot()
    await scene.place(await scene.enter())
    await run_due_tick(house.desk)
    scene.passes(seconds=LONGEST + 1)
    await scene.market()
    [leaving] = await scene.leave()
    received = len(scene.exchange.received)
    await stop_after_gap(scene.database, LONGEST)
    await scene.place([leaving])
    [plan] = [plan for plan in await scene.plans() if plan.id == leaving]
    assert (plan.status, plan.reason) == ("DENIED", "STOPPED: switch=everything")
    assert len(scene.exchange.received) == received


async def test_once_released_it_is_not_stopped_again(house: House) -> None:
    await run_due_tick(house.desk)
    house.scene.passes(hours=24)
    await run_due_tick(house.desk)  # A worker that was never ended finds out by its next tick.
    assert (await switch(house)).stopped
    await release(house)
    house.scene.passes(seconds=10)
    await run_due_tick(house.desk)
    assert not (await switch(house)).stopped


async def test_who_does_not_want_it_says_nought(house: House) -> None:
    await run_due_tick(house.desk)
    house.scene.passes(hours=24)
    assert not await stop_after_gap(house.scene.database, 0)
    async with house.scene.database.transaction() as tx:
        newest = (await tx.scalars(select(TickSlot.slot))).one()
    assert now() - newest >= timedelta(hours=24)
