"""The job of the feed: forget what is too old to read."""

from typing import Any

from nexus.core.queue import job
from nexus.execution.broker import Broker
from nexus.feed.prune import prune_feed


@job(timeout=300)
async def prune_old_lines(ctx: dict[str, Any]) -> None:
    """Forget the lines that are past their days."""
    broker: Broker = ctx["broker"]
    await prune_feed(broker.database, broker.settings.feed_days)
