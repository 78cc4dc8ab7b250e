"""Ring again for whatever is not at its end, and plan what had to wait until now."""

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
        broker.bell.after(tx, *orders_of(planned), *questions_about(unknown))
