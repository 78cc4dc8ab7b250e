"""Do stops that rest, sales and stop switches wait for one another, whoever comes first?"""

import asyncio
from decimal import Decimal

from nexus.execution.claim_stops import claim_stops
from nexus.execution.rest import tend_stops
from nexus.regime.record import set_switch
from tests.execution.stops import STOP, Stops
from tests.scenes import somebody_waits


async def test_a_sale_waits_for_a_stop_that_is_being_claimed(stops: Stops) -> None:
    bot = await stops.scene.follower()
    await stops.lead_with(STOP)
    broker, database = stops.scene.broker, stops.scene.database
    async with asyncio.timeout(20), database.transaction() as tx:
        work = await claim_stops(tx, [bot], broker)
        assert len(work.intents) == 1
        plans = await stops.scene.leave()
        sale = asyncio.create_task(stops.scene.place(plans))
        await somebody_waits(database)
        assert not sale.done()
    await sale
    assert (await stops.states(), stops.sold()) == (["PLACING"], Decimal(0))


async def test_no_stop_is_placed_once_a_switch_forbids_it(stops: Stops) -> None:
    bot = await stops.scene.follower()
    await stops.lead_with(STOP)
    broker, database = stops.scene.broker, stops.scene.database
    async with asyncio.timeout(20), database.transaction() as tx:
        await set_switch(tx, "everything", stopped=True, reason="test", by="test")
        tending = asyncio.create_task(tend_stops(broker, [bot]))
        await somebody_waits(database)
    await tending
    assert (await stops.states(), stops.sent()) == ([], [])
