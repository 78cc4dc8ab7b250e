"""The jobs that keep the pipeline going: the tick and the sweep."""

from typing import Any

from nexus.core.queue import job
from nexus.execution.broker import Broker
from nexus.pipeline.desk import Desk
from nexus.pipeline.run import run_due_tick
from nexus.pipeline.sweep import run_sweep


@job(timeout=60)
async def tick(ctx: dict[str, Any]) -> None:
    """Run the tick of this moment, unless another worker does."""
    desk: Desk = ctx["desk"]
    await run_due_tick(desk)


@job(timeout=60)
async def sweep(ctx: dict[str, Any]) -> None:
    """Take up whatever is not at its end."""
    broker: Broker = ctx["broker"]
    await run_sweep(broker)
