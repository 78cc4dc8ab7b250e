"""How do processes hear of each other at once? Redis: a doorbell and shared counts, never a store.

Whatever stands in it may be lost at any moment, and it may be away for a while.
"""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

ANSWER_SECONDS = 2


class RedisAwayError(Exception):
    """Redis does not answer just now."""


def open_redis(url: str) -> Redis:
    """Connect to Redis; nothing is sent before it is used."""
    return Redis.from_url(url, socket_connect_timeout=ANSWER_SECONDS)


class Channel:
    """A named stream of news between processes; whoever does not listen misses it."""

    def __init__(self, redis: Redis, name: str) -> None:
        self.redis = redis
        self.name = name

    async def publish(self, news: dict[str, Any]) -> None:
        """Tell everybody who listens. A Redis that is away costs liveliness, never a fact."""
        try:
            await self.redis.publish(self.name, orjson.dumps(news))
        except (RedisError, OSError) as error:
            log.warning("news_not_published", channel=self.name, error=str(error))

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        """Hear the news from now on. Raises RedisAwayError when the line breaks."""
        try:
            async with self.redis.pubsub() as subscription:
                await subscription.subscribe(self.name)
                async for heard in subscription.listen():
                    if heard["type"] == "message":
                        yield orjson.loads(heard["data"])
        except (RedisError, OSError) as error:
            raise RedisAwayError(str(error)) from error
