"""How does work leave this process? A doorbell: SAQ jobs on Redis that carry only row ids.

The rows are the truth. A ring that gets lost costs seconds, because a sweeper rings again, so
a failing Redis never fails the transaction that rang.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis.exceptions import RedisError
from saq import Queue
from saq.job import Status
from saq.queue.redis import RedisQueue

from nexus.core.db import Transaction

log = structlog.get_logger()

QUEUE_NAME: Final = "nexus"
_declared: dict[str, "Job"] = {}


@dataclass(frozen=True)
class Ring:
    """A job to be started, with the row ids it needs."""

    job: "Job"
    kwargs: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """A named piece of work that a worker does.

    The name is the folder and the function (`execution.place_orders`), because SAQ by itself
    registers functions without their module and lets two of one name overwrite each other.
    """

    name: str
    function: Callable[..., Awaitable[None]]
    timeout: int

    def later(self, **kwargs: Any) -> Ring:
        """Describe a start of this job; `Doorbell.ring` performs it."""
        inspect.signature(self.function).bind(None, **kwargs)
        return Ring(self, kwargs)


def job(*, timeout: int) -> Callable[[Callable[..., Awaitable[None]]], Job]:
    """Declare a job: `async def work(ctx, *, row_id: int) -> None`, `timeout` in seconds."""

    def declare(function: Callable[..., Awaitable[None]]) -> Job:
        folder = function.__module__.removeprefix("nexus.").removesuffix(".jobs")
        declared = Job(f"{folder}.{function.__name__}", function, timeout)
        function.__qualname__ = declared.name  # The name SAQ registers a function under.
        _declared[declared.name] = declared
        return declared

    return declare


def declared_jobs() -> dict[str, Job]:
    """List every job whose module has been imported."""
    return dict(_declared)


class Doorbell:
    """Rings jobs on the queue; a Redis that is away is logged, not raised."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue

    async def ring(self, *rings: Ring) -> None:
        """Start each job soon, on any worker."""
        try:
            for ring in rings:
                await self.queue.enqueue(
                    ring.job.name, timeout=ring.job.timeout, retries=1, **ring.kwargs
                )
        except (RedisError, OSError) as error:
            log.warning("doorbell_unheard", jobs=[r.job.name for r in rings], error=str(error))

    def after(self, tx: Transaction, *rings: Ring) -> None:
        """Ring once `tx` has been committed."""
        tx.after_commit(lambda: self.ring(*rings))


class PatientQueue(RedisQueue):
    """A queue that takes no job away from a worker that has only just picked it up.

    SAQ's own sweep takes a job between being picked up and being marked so for one whose worker
    died, and cancels it (https://github.com/tobymao/saq/issues/277). For us that is a hundred
    orders written down and never sent.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unmarked: set[str] = set()

    async def sweep(self, lock: int = 60, abort: float = 5.0) -> list[str]:
        """End the jobs of dead workers: past their timeout, or unmarked at two looks in a row.

        What still runs is never cancelled. Nothing is tried again here: whoever needs the work
        done finds it in the rows, and rings.
        """
        del lock, abort
        seen, self._unmarked = self._unmarked, set()
        ids = [_text(one) for one in await self.redis.lrange(self._active, 0, -1)]
        swept = []
        for job_id, stored in zip(ids, await self.redis.mget(ids) if ids else [], strict=True):
            found = self.deserialize(stored)
            if found is None:
                await self.redis.lrem(self._active, 0, job_id)
                swept.append(job_id)
                continue
            unmarked = found.status is not Status.ACTIVE
            if found.stuck or (unmarked and job_id in seen):
                await self.finish(found, Status.ABORTED, error=self.swept_error_message)
                swept.append(job_id)
            elif unmarked:
                self._unmarked.add(job_id)
        return swept


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def open_queue(redis_url: str) -> Queue:
    """Connect the one queue that web and workers share."""
    return PatientQueue.from_url(redis_url, name=QUEUE_NAME)
