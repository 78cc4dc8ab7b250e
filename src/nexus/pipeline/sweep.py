"""Ring again for whatever is not at its end, plan what had to wait, and watch the limits."""

from nexus.bots.breach import people_to_watch, watch_limits
from nexus.core.faults import reach
from nexus.execution.broker import Broker
from nexus.execution.jobs import orders_of, questions_about
from nexus.execution.sweep import orders_to_ask_about, waiting_plans
from nexus.fanout.close import plan_closes
from nexus.fanout.plan import plan_stragglers


async def run_sweep(broker: Broker) -> None:
    """Take up close requests, missed exits, waiting plans and unknown orders."""
    reach("swept")
    async with broker.database.transaction() as tx:
        planned = await plan_closes(tx, broker.settings)
        planned += await plan_stragglers(tx, broker.settings)
        planned += await waiting_plans(tx)
        unknown = await orders_to_ask_about(tx)
        watched = await people_to_watch(tx)
        broker.bell.after(tx, *orders_of(planned), *questions_about(unknown))
    if watched:
        # On its own: it locks bots, which a claim that holds one of the plans above may want.
        async with broker.database.transaction() as tx:
            await watch_limits(tx, watched)
