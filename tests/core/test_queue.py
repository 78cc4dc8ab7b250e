"""Does a ring carry only what it should, and is a bell that nobody hears no disaster?"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from saq import Queue
from saq.job import Status
from saq.utils import now as saq_now
from structlog.testing import capture_logs

from nexus.core import queue as queues
from nexus.core.db import Database
from nexus.core.queue import QUEUE_NAME, Doorbell, Job, Ring, declared_jobs, job, open_queue
from nexus.core.redis import open_redis

NOWHERE = "redis://127.0.0.1:1/0"


async def _work(ctx: dict[str, Any], *, row_id: int) -> None:
    del ctx, row_id


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Job:
    """Declare a job as the folder `execution` does, unseen by the other tests."""
    monkeypatch.setattr(queues, "_declared", {})
    monkeypatch.setattr(_work, "__module__", "nexus.execution.jobs")
    monkeypatch.setattr(_work, "__name__", "place_orders")
    return job(timeout=45)(_work)


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[Queue]:
    opened = open_queue(redis_url)
    await opened.connect()
    yield opened
    await opened.disconnect()


async def waiting(queue: Queue) -> list[tuple[str, dict[str, Any] | None]]:
    """List the jobs that wait for a worker: name and arguments, in order."""
    found = [found async for found in queue.iter_jobs()]
    found.sort(key=lambda each: each.queued)
    return [(each.function, each.kwargs) for each in found]


# -------------------------------------------------------------------------------- declaring jobs
def test_a_job_is_called_after_its_folder(work: Job) -> None:
    assert (work.name, work.timeout) == ("execution.place_orders", 45)
    assert work.function.__qualname__ == "execution.place_orders", "the name SAQ knows it by"


def test_declared_jobs_are_known_by_name(work: Job) -> None:
    assert declared_jobs() == {"execution.place_orders": work}
    declared_jobs().clear()
    assert declared_jobs() == {"execution.place_orders": work}, "what is given out is a copy"


def test_a_ring_carries_the_row(work: Job) -> None:
    assert work.later(row_id=7) == Ring(work, {"row_id": 7})


@pytest.mark.parametrize("kwargs", [{}, {"row": 7}, {"row_id": 7, "more": 8}])
def test_a_ring_with_the_wrong_arguments_is_refused_at_once(
    work: Job, kwargs: dict[str, int]
) -> None:
    with pytest.raises(TypeError):
        work.later(**kwargs)


# --------------------------------------------------------------------------------------- ringing
async def test_a_ring_reaches_the_shared_queue(work: Job, queue: Queue, redis_url: str) -> None:
    assert queue.name == QUEUE_NAME
    await Doorbell(queue).ring(work.later(row_id=7), work.later(row_id=8))
    other = open_queue(redis_url)
    await other.connect()
    assert await waiting(other) == [
        ("execution.place_orders", {"row_id": 7}),
        ("execution.place_orders", {"row_id": 8}),
    ]
    await other.disconnect()


async def test_a_ring_is_never_repeated_by_the_queue_itself(work: Job, queue: Queue) -> None:
    await Doorbell(queue).ring(work.later(row_id=7))
    (rung,) = [found async for found in queue.iter_jobs()]
    assert (rung.timeout, rung.retries) == (45, 1)


async def test_a_ring_waits_for_the_commit(work: Job, queue: Queue, database: Database) -> None:
    bell = Doorbell(queue)
    async with database.transaction() as tx:
        bell.after(tx, work.later(row_id=7))
        assert await waiting(queue) == []
    assert await waiting(queue) == [("execution.place_orders", {"row_id": 7})]


async def test_what_is_rolled_back_rings_nothing(
    work: Job, queue: Queue, database: Database
) -> None:
    async def ring_and_raise() -> None:
        async with database.transaction() as tx:
            Doorbell(queue).after(tx, work.later(row_id=7))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ring_and_raise()
    assert await waiting(queue) == []


async def test_a_bell_that_nobody_hears_is_logged_and_no_more(work: Job) -> None:
    unheard = open_queue(NOWHERE)
    with capture_logs() as logs:
        await Doorbell(unheard).ring(work.later(row_id=7), work.later(row_id=8))
    (line,) = logs
    assert (line["event"], line["log_level"]) == ("doorbell_unheard", "warning")
    assert line["jobs"] == ["execution.place_orders"] * 2


# -------------------------------------------------------------------------------------- sweeping
async def test_a_job_that_was_picked_up_a_moment_ago_is_left_alone(queue: Queue) -> None:
    """Until its worker has marked it, it looks as if that worker had died."""
    await queue.enqueue("send", key="one", timeout=60)
    picked = await queue.dequeue(timeout=1)
    assert picked is not None
    assert await queue.sweep() == []
    picked.started = saq_now()
    await picked.update(status=Status.ACTIVE)
    assert await queue.sweep() == []
    assert [found.status async for found in queue.iter_jobs()] == [Status.ACTIVE]


async def test_a_job_whose_worker_died_before_marking_it_makes_room(queue: Queue) -> None:
    told = await queue.enqueue("send", key="one", timeout=60)
    assert told is not None
    await queue.dequeue(timeout=1)
    assert await queue.enqueue("send", key="one") is None, "one of a key at a time"
    assert await queue.sweep() == []
    assert await queue.sweep() == [told.id]
    assert await queue.enqueue("send", key="one") is not None


async def test_a_job_past_its_timeout_makes_room(queue: Queue) -> None:
    told = await queue.enqueue("send", key="one", timeout=1)
    picked = await queue.dequeue(timeout=1)
    assert told is not None
    assert picked is not None
    picked.started = picked.touched = 1
    await picked.update(status=Status.ACTIVE)
    assert await queue.sweep() == [told.id]
    assert await queue.enqueue("send", key="one") is not None


async def test_a_job_that_nobody_knows_any_more_is_forgotten(queue: Queue, redis_url: str) -> None:
    told = await queue.enqueue("send", key="one", timeout=60)
    await queue.dequeue(timeout=1)
    assert told is not None
    async with open_redis(redis_url) as redis:
        await redis.delete(told.id)
    assert await queue.sweep() == [told.id]
    assert await queue.count("active") == 0
