"""The jobs of the portfolio: write down what accounts come to, and thin what is long past."""

from typing import Any

from nexus.core.queue import job
from nexus.execution.broker import Broker
from nexus.portfolio.record_equity import record_equity, thin_equity


@job(timeout=120)
async def write_equity(ctx: dict[str, Any]) -> None:
    """Write this quarter's point of every account."""
    broker: Broker = ctx["broker"]
    await record_equity(broker.database, broker.settings.market_stale_seconds)


@job(timeout=600)
async def thin_old_equity(ctx: dict[str, Any]) -> None:
    """Keep fewer points of what is long past."""
    broker: Broker = ctx["broker"]
    await thin_equity(broker.database)
