"""How much may one address still ask of an exchange? Limits its request weight per minute.

The exchange counts per address, so all processes that leave by it share one record, in Redis:
each writes what it used itself and reads the sum. An emptied Redis is filled again by everybody's
next request; while it is away each keeps to a share of the budget by its own count. The
exchange's own count, read from its answers, wins when it is higher. A part is kept for exits.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from nexus.core.clock import now, to_ms
from nexus.exchanges.weight_window import BUCKET_MS, BUCKETS, PAUSE, TAKE, OwnWindow

log = structlog.get_logger()

MINUTE_MS = 60_000
BACK_SOON_MS = 1_000
MEMORY_TIMEOUT_SECONDS = 0.5
MEMORY_RETRY_SECONDS = 1.0
USED_WEIGHT = "X-MBX-USED-WEIGHT-1M"


class SharedMemory(Protocol):
    """What the governor needs of Redis: scripts that run as one step."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        """Run a Lua script; gives an awaitable."""
        ...


@dataclass(frozen=True, slots=True)
class Shares:
    """Which part of the budget is for whom, in percent."""

    exits: int = 20
    """Kept for exits and stops: nothing else may use it."""
    alone: int = 25
    """What one process may use while it cannot see what the others do."""


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests may be made now, and when to come back for the others."""

    requests: int
    retry_after: float
    """Seconds; 0 when all of them were granted."""
    bucket: int = 0
    """Which part of the window they were counted in."""


@dataclass(frozen=True, slots=True)
class EgressState:
    """What one address has used, for people who look."""

    name: str
    used: int
    """Weight of the last minute."""
    per_minute: int
    seconds_paused: int
    """How long nothing more is asked; 0 when it may ask."""
    why: str
    """`banned`, `told to slow down` or `used up` when it must wait, else nothing."""
    alone: bool
    """Whether Redis is away, so that only this process's use is known."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one look at the window gave."""

    granted: int
    used: int
    paused_ms: int
    wait_ms: int


class Governor:
    """The budget of one address at one exchange, shared by every process that uses it.

    Without a `memory` this process is the only one, as in a replay, and has the whole budget.
    """

    def __init__(
        self,
        name: str,
        per_minute: int,
        memory: SharedMemory | None,
        shares: Shares | None = None,
    ) -> None:
        self.name = name
        self.per_minute = per_minute
        self.memory = memory
        self.shares = shares or Shares()
        self.own = OwnWindow(secrets.token_hex(4))
        # Each question to Redis carries our whole count, so it must know the answer to the last.
        self._turn = asyncio.Lock()
        self._told = (0, 0)
        self._paused_until_ms = 0
        self._why = ""
        self._alone = False
        self._memory_back_at = 0.0
        self._said_used_up_ms: dict[bool, int] = {}

    async def take(self, requests: int, weight: int, *, exits: bool = False) -> Grant:
        """Reserve up to `requests` requests of `weight` each; never waits.

        `exits` may use the whole budget; everything else leaves a part of it alone.
        """
        if seconds := self.paused_seconds():
            return Grant(0, seconds)
        kept = 0 if exits else self.per_minute * self.shares.exits // 100
        async with self._turn:
            at = to_ms(now())
            taken = await self._take(at, requests, weight, self.per_minute - kept)
        if taken.granted < requests and not taken.paused_ms:
            self._say_used_up(at, exits=exits)
        late_ms = max(taken.paused_ms or taken.wait_ms, BACK_SOON_MS)
        late_ms = 0 if taken.granted == requests else late_ms
        return Grant(taken.granted, late_ms / 1000, at // BUCKET_MS)

    async def give_back(self, grant: Grant, weight: int) -> None:
        """Return what was reserved by `grant` and not used after all."""
        async with self._turn:
            self.own.add(grant.bucket, -weight)
            await self._take(to_ms(now()), 0, 1, 0)

    def hear(self, headers: Mapping[str, str]) -> None:
        """Note the exchange's own count of this minute, from an answer of its."""
        used = headers.get(USED_WEIGHT, "")
        if used.isdecimal():
            self._told = max(self._told, (to_ms(now()) // MINUTE_MS, int(used)))

    async def pause(self, seconds: float, *, banned: bool = False) -> None:
        """Ask nothing more from this address for a while, in any process."""
        ends = to_ms(now()) + round(seconds * 1000)
        if ends > self._paused_until_ms:
            self._paused_until_ms = ends
            self._why = "banned" if banned else "told to slow down"
            log.warning("egress_paused", egress=self.name, seconds=seconds, why=self._why)
            length = max(1, round(seconds * 1000))
            answer = await self._run(PAUSE, (self._pause_key,), ends, length, self._why)
            if answer is not None:
                self._paused_until_ms, self._why = int(answer[0]), answer[1].decode()

    def paused_seconds(self) -> float:
        """Say how long this address must still be silent, as far as this process knows."""
        return max(0, self._paused_until_ms - to_ms(now())) / 1000

    async def state(self) -> EgressState:
        """Say how things stand. Asks Redis, so that a process that sends nothing knows too."""
        async with self._turn:
            at = to_ms(now())
            taken = await self._take(at, 0, 1, 0)
        waits = -(-round(self.paused_seconds() * 1000) // 1000)
        used_up = "used up" if taken.used >= self.per_minute else ""
        why = self._why if waits else used_up
        return EgressState(self.name, taken.used, self.per_minute, waits, why, self._alone)

    async def _take(self, at: int, requests: int, weight: int, limit: int) -> _Taken:
        """Reserve in Redis, else by our own count."""
        answer = await self._run(TAKE, self._keys, *self._arguments(at, requests, weight, limit))
        bucket = at // BUCKET_MS
        if answer is not None:
            granted, paused_ms, wait_ms, foreign, used, why = answer
            self.own.add(bucket, foreign + granted * weight)
            if at + paused_ms > self._paused_until_ms:
                self._paused_until_ms, self._why = at + paused_ms, why.decode()
            return _Taken(granted, used, paused_ms, wait_ms)
        self.own.add(bucket, max(0, self._told_at(at) - self.own.used(bucket)))
        part = limit if self.memory is None else limit * self.shares.alone // 100
        granted, wait_ms = self.own.room(at, requests, weight, part)
        self.own.add(bucket, granted * weight)
        return _Taken(granted, self.own.used(bucket), 0, wait_ms)

    def _arguments(self, at: int, requests: int, weight: int, limit: int) -> Sequence[int | str]:
        bucket = at // BUCKET_MS
        numbers = (at, bucket, self._told_at(at), requests, weight, limit, BUCKETS, BUCKET_MS)
        return (self.own.owner, *numbers, *self.own.pairs(bucket))

    def _told_at(self, at: int) -> int:
        """Give the exchange's count, as long as it is of this minute."""
        minute, used = self._told
        return used if minute == at // MINUTE_MS else 0

    def _say_used_up(self, at: int, *, exits: bool) -> None:
        """Say it once a minute, however many ask."""
        if at - self._said_used_up_ms.get(exits, -MINUTE_MS) >= MINUTE_MS:
            self._said_used_up_ms[exits] = at
            log.warning("egress_used_up", egress=self.name, exits=exits, limit=self.per_minute)

    async def _run(self, script: str, keys: tuple[str, ...], *arguments: int | str) -> Any:
        """Run a script in the shared memory; None when it is away, or was a moment ago."""
        if self.memory is None or time.monotonic() < self._memory_back_at:
            return None
        try:
            async with asyncio.timeout(MEMORY_TIMEOUT_SECONDS):
                answer = await self.memory.eval(script, len(keys), *keys, *arguments)
        except Exception as error:  # noqa: BLE001  no failure of Redis may fail an exit
            if not self._alone:
                log.warning("governor_alone", egress=self.name, error=type(error).__name__)
            self._alone = True
            self._memory_back_at = time.monotonic() + MEMORY_RETRY_SECONDS
            return None
        if self._alone:
            log.info("governor_shared_again", egress=self.name)
            self._alone = False
        return answer

    @property
    def _keys(self) -> tuple[str, str]:
        return f"nexus:weight:{self.name}", self._pause_key

    @property
    def _pause_key(self) -> str:
        return f"nexus:pause:{self.name}"
