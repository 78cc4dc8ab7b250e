"""How much may one address still ask of an exchange? Limits its request weight per minute.

The exchange counts per address, so all processes share one count, in Redis. While Redis is away
each keeps to a quarter of the budget by its own count. The exchange's own count, read from
its answers, wins when it is higher. The last fifth of the budget is kept for exits.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from nexus.core.clock import now, to_ms

log = structlog.get_logger()

MINUTE_MS = 60_000
EXITS_SHARE = 5
"""One fifth of the budget is kept for exits."""
ALONE_SHARE = 4
"""A quarter of the budget is for one process that cannot see what the others use."""
MEMORY_TIMEOUT_SECONDS = 0.5
MEMORY_RETRY_SECONDS = 1.0

# KEYS: this minute's count, the pause. ARGV: the moment (ms), the count the exchange told us,
# how many requests are wanted, the weight of each, the limit.
TAKE = """
local paused = tonumber(redis.call('GET', KEYS[2]) or 0) - tonumber(ARGV[1])
if paused > 0 then return {0, paused} end
local used = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[2]))
local room = math.floor((tonumber(ARGV[5]) - used) / tonumber(ARGV[4]))
local granted = math.max(0, math.min(tonumber(ARGV[3]), room))
redis.call('SET', KEYS[1], used + granted * tonumber(ARGV[4]), 'PX', 120000)
return {granted, 0}
"""
GIVE_BACK = """
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
redis.call('SET', KEYS[1], math.max(0, used - tonumber(ARGV[1])), 'PX', 120000)
return 1
"""
PAUSE = """
local ends = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.0f', ends), 'PX', ARGV[2])
return 1
"""


class SharedMemory(Protocol):
    """What the governor needs of Redis: scripts that run as one step."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        """Run a Lua script; gives an awaitable."""
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests may be made now, and when to come back for the others."""

    requests: int
    retry_after: float
    """Seconds; 0 when all of them were granted."""
    minute: int = 0
    """The minute they were counted in."""


class Governor:
    """The budget of one address at one exchange, shared by every process that uses it.

    Without a `memory` this process is the only one, as in a replay, and has the whole budget.
    """

    def __init__(self, name: str, per_minute: int, memory: SharedMemory | None) -> None:
        self.name = name
        self.per_minute = per_minute
        self.memory = memory
        self._told: dict[int, int] = {}
        self._alone: dict[int, int] = {}
        self._paused_until_ms = 0
        self._memory_back_at = 0.0

    async def take(self, requests: int, weight: int, *, exits: bool = False) -> Grant:
        """Reserve up to `requests` requests of `weight` each in this minute; never waits.

        `exits` may use the whole budget; everything else leaves a fifth of it alone.
        """
        at = to_ms(now())
        if at < self._paused_until_ms:
            return Grant(0, (self._paused_until_ms - at) / 1000)
        limit = self.per_minute - (0 if exits else self.per_minute // EXITS_SHARE)
        minute = at // MINUTE_MS
        told = self._told.get(minute, 0)
        keys = (self._count_key(minute), self._pause_key)
        answer = await self._run(TAKE, keys, at, told, requests, weight, limit)
        if answer is None:
            granted, paused = self._take_alone(minute, requests, weight, limit), 0
        else:
            granted, paused = answer
        if granted == requests:
            return Grant(granted, 0, minute)
        return Grant(granted, (paused or MINUTE_MS - at % MINUTE_MS) / 1000, minute)

    async def give_back(self, grant: Grant, weight: int) -> None:
        """Return what was reserved by `grant` and not used after all."""
        if grant.minute in self._alone:
            self._alone[grant.minute] = max(0, self._alone[grant.minute] - weight)
        await self._run(GIVE_BACK, (self._count_key(grant.minute),), weight)

    def hear(self, headers: Mapping[str, str]) -> None:
        """Note the exchange's own count of this minute, from an answer of its."""
        used = headers.get("X-MBX-USED-WEIGHT-1M", "")
        if used.isdecimal():
            minute = to_ms(now()) // MINUTE_MS
            self._told = {minute: max(int(used), self._told.get(minute, 0))}

    async def pause(self, seconds: float) -> None:
        """Ask nothing more from this address for a while, in any process."""
        ends = to_ms(now()) + round(seconds * 1000)
        if ends > self._paused_until_ms:
            log.warning("egress_paused", egress=self.name, seconds=seconds)
            self._paused_until_ms = ends
            await self._run(PAUSE, (self._pause_key,), ends, max(1, round(seconds * 1000)))

    def _take_alone(self, minute: int, requests: int, weight: int, limit: int) -> int:
        """Count in this process only."""
        used = max(self._alone.get(minute, 0), self._told.get(minute, 0))
        share = 1 if self.memory is None else ALONE_SHARE
        granted = max(0, min(requests, (limit // share - used) // weight))
        self._alone = {minute: used + granted * weight}
        return granted

    async def _run(self, script: str, keys: tuple[str, ...], *arguments: int) -> Any:
        """Run a script in the shared memory; None when it is away, or was a moment ago."""
        if self.memory is None or time.monotonic() < self._memory_back_at:
            return None
        try:
            async with asyncio.timeout(MEMORY_TIMEOUT_SECONDS):
                return await self.memory.eval(script, len(keys), *keys, *arguments)
        except Exception as error:  # noqa: BLE001  no failure of Redis may fail an exit
            log.warning("governor_alone", egress=self.name, error=type(error).__name__)
            self._memory_back_at = time.monotonic() + MEMORY_RETRY_SECONDS
            return None

    def _count_key(self, minute: int) -> str:
        return f"nexus:weight:{self.name}:{minute}"

    @property
    def _pause_key(self) -> str:
        return f"nexus:pause:{self.name}"
