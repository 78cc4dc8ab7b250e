"""Does a round end in time without being a failure, and is a true failure still told?"""

import asyncio

import pytest

from nexus.core.rounds import a_round


async def test_what_takes_too_long_is_left_to_the_next_round() -> None:
    done = []
    async with a_round("test", 0.01):
        done.append("begun")
        await asyncio.Event().wait()
        done.append("never")
    assert done == ["begun"]


async def test_a_round_that_is_quick_is_done_whole() -> None:
    done = []
    async with a_round("test"):
        done.append("all of it")
    assert done == ["all of it"]


async def test_a_timeout_of_what_it_asked_is_not_swallowed() -> None:
    with pytest.raises(TimeoutError, match="theirs"):
        async with a_round("test"):
            raise TimeoutError("theirs")


async def test_who_is_cancelled_stays_cancelled() -> None:
    async def wait() -> None:
        async with a_round("test"):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
