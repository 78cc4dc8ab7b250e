"""Tell the web processes that something happened: one Redis channel, facts and no pages."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from nexus.bots.events import BotChanged
from nexus.core.db import Transaction
from nexus.regime.events import Decided, MarketSeen

log = structlog.get_logger()

CHANNEL: Final = "nexus:live"


class Publisher:
    """Publishes after the commit. A Redis that is away costs liveliness, never a fact."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    async def private(self, items: Sequence[dict[str, Any]]) -> None:
        """Publish lines of people's feeds, with all that is needed to draw them."""
        await self._publish({"kind": "items", "items": list(items)})

    async def market_seen(self, tx: Transaction, _facts: Sequence[MarketSeen]) -> None:
        """Publish that there is a new look at the market."""
        tx.after_commit(lambda: self._publish({"kind": "market"}))

    async def decided(self, tx: Transaction, facts: Sequence[Decided]) -> None:
        """Publish which decisions were made."""
        ids = [fact.decision_id for fact in facts]
        tx.after_commit(lambda: self._publish({"kind": "decisions", "ids": ids}))

    async def bots_changed(self, tx: Transaction, facts: Sequence[BotChanged]) -> None:
        """Publish whose bots look different now."""
        people = sorted({fact.user_id for fact in facts})
        tx.after_commit(lambda: self._publish({"kind": "bots", "people": people}))

    async def _publish(self, message: dict[str, Any]) -> None:
        try:
            await self.redis.publish(CHANNEL, orjson.dumps(message))
        except (RedisError, OSError) as error:
            log.warning("live_page_not_told", kind=message["kind"], error=str(error))
