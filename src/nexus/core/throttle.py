"""How often may somebody try? Attempts are counted in Redis, shared by every process.

Redis is a doorbell and may be away. Then each process counts by itself, to half the limit, so
that an outage makes guessing harder, not easier.
"""

import asyncio
import hashlib
import math
import time
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

REDIS_SECONDS = 0.5
MAX_LOCAL_KEYS = 10_000

# Counting and expiring are one step: a process that dies between the two would leave a counter
# that never ends. The window starts at the first attempt and is not prolonged by later ones.
TAKE = """
local taken = redis.call('INCR', KEYS[1])
if taken == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {taken, redis.call('PTTL', KEYS[1])}
"""
GIVE_BACK = """
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
"""


@dataclass(frozen=True)
class Rule:
    """At most `limit` attempts in `seconds`."""

    name: str
    limit: int
    seconds: int


class Throttle:
    """Counts attempts per rule and key."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._local = LocalCounts()

    async def take(self, rule: Rule, *key: str) -> int:
        """Count an attempt: 0 when it may go on, else the seconds to wait."""
        name = _redis_key(rule, key)
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                taken, left_ms = await self._redis.eval(TAKE, 1, name, rule.seconds * 1000)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("throttle_counts_locally", rule=rule.name, error=str(error))
            return self._local.take(rule, name)
        return 0 if taken <= rule.limit else max(1, math.ceil(left_ms / 1000))

    async def give_back(self, rule: Rule, *key: str) -> None:
        """Take back an attempt that turned out to be rightful."""
        name = _redis_key(rule, key)
        self._local.give_back(name)
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                await self._redis.eval(GIVE_BACK, 1, name)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("throttle_not_given_back", rule=rule.name, error=str(error))


class LocalCounts:
    """The process's own counters, for as long as Redis is away."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}

    def take(self, rule: Rule, name: str) -> int:
        """Count like Redis does, but to half the limit; when full of other keys, say wait."""
        now = time.monotonic()
        taken, until = self._counts.get(name, (0, 0.0))
        if until <= now:
            self._forget_past(now)
            if len(self._counts) >= MAX_LOCAL_KEYS:
                return rule.seconds
            taken, until = 0, now + rule.seconds
        self._counts[name] = (taken + 1, until)
        return 0 if taken < max(1, rule.limit // 2) else max(1, math.ceil(until - now))

    def give_back(self, name: str) -> None:
        if name in self._counts:
            taken, until = self._counts[name]
            self._counts[name] = (max(0, taken - 1), until)

    def _forget_past(self, now: float) -> None:
        self._counts = {name: count for name, count in self._counts.items() if count[1] > now}


def _redis_key(rule: Rule, key: tuple[str, ...]) -> str:
    """Name the counter; hashed, so that Redis holds nobody's e-mail address."""
    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()
    return f"throttle:{rule.name}:{digest}"
