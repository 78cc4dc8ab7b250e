"""Does a ring carry only what it should, and is a bell that nobody hears no disaster?"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from saq import Queue
from structlog.testing import capture_logs

from nexus.core import queue as queues
from nexus.core.db import Database
from nexus.core.queue import (
    QUEUE_NAME,
    Doorbell,
    Job,
    Ring,
    SteadyWorker,
    declared_jobs,
    job,
    open_queue,
)

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


# --------------------------------------------------------------------------------------- working
@pytest.mark.filterwarnings("ignore::DeprecationWarning:saq")
async def test_a_job_that_the_sweep_takes_for_lost_goes_on(queue: Queue) -> None:
    """Between being picked up and being marked so, a job looks to SAQ as if its worker had died."""
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def send(ctx: dict[str, Any]) -> None:
        del ctx
        begun.set()
        await go_on.wait()
        done.set()

    worker = SteadyWorker(queue, functions=[("send", send)])
    told = await queue.enqueue("send", timeout=60)
    assert told is not None
    working = asyncio.create_task(worker.process())
    await begun.wait()
    # What the sweep does to it, and what every worker then does each second.
    await queue.abort(told, "swept")
    await worker.abort(0)
    go_on.set()
    await working
    assert done.is_set(), "it was cancelled in the middle"
