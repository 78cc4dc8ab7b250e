"""The jobs that keep the pipeline going: the tick, the sweep, and the slow rounds beside them."""

from typing import Any

from nexus.core.queue import job
from nexus.core.rounds import a_round
from nexus.exchanges.refresh import refresh_all_filters, refresh_oldest_accounts
from nexus.exchanges.registry import Exchanges
from nexus.execution.broker import Broker
from nexus.fanout.seats import busy_accounts
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


@job(timeout=55)
async def refresh_accounts(ctx: dict[str, Any]) -> None:
    """Read the balances of the accounts we have not asked about for longest."""
    desk: Desk = ctx["desk"]
    exchanges: Exchanges = ctx["exchanges"]
    async with a_round("refresh_accounts"):
        await refresh_oldest_accounts(
            desk.database, exchanges, busy=busy_accounts(), share=ctx["share"]
        )


@job(timeout=55)
async def refresh_filters(ctx: dict[str, Any]) -> None:
    """Read what each venue demands of orders now."""
    desk: Desk = ctx["desk"]
    exchanges: Exchanges = ctx["exchanges"]
    await refresh_all_filters(desk.database, exchanges, desk.settings.symbols)
