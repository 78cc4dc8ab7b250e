"""Ring again for whatever is not at its end, plan what had to wait, and watch the limits."""

from nexus.bots.breach import people_to_watch, watch_limits
from nexus.core.faults import reach
from nexus.execution.broker import Broker
from nexus.execution.claim_stops import bots_to_tend
from nexus.execution.jobs import (
    orders_of,
    questions_about,
    questions_about_stops,
    stops_of,
)
from nexus.execution.sweep import orders_to_ask_about, stops_to_ask_about, waiting_plans
from nexus.fanout.close import plan_closes
from nexus.fanout.plan import plan_stragglers
from nexus.fanout.take_over import take_over_exits


async def run_sweep(broker: Broker) -> None:
    """Take up close requests, missed exits, waiting plans, unknown orders, and stops."""
    reach("swept")
    async with broker.database.transaction() as tx:
        planned = await plan_closes(tx, broker.settings)
        planned += await plan_stragglers(tx, broker.settings)
        planned += await waiting_plans(tx)
        unknown = await orders_to_ask_about(tx)
        watched = await people_to_watch(tx)
        asked = await stops_to_ask_about(tx)
        tended = await bots_to_tend(tx, broker.settings)
        # In this order: sales and entries go first, and stops that only are to rest go last.
        broker.bell.after(
            tx,
            *orders_of(planned),
            *questions_about(unknown),
            *questions_about_stops(asked),
            *stops_of(tended),
        )
    # On their own: they lock bots, which a claim that holds one of the plans above may want.
    async with broker.database.transaction() as tx:
        await take_over_exits(tx)
    if watched:
        async with broker.database.transaction() as tx:
            await watch_limits(tx, watched)
