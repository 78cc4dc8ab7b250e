"""When does a slow round end? In time, by itself: the next one goes on with whoever waits longest.

A round that is cut off by its job's own time limit is told as a failure, and is none.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger()

SECONDS = 45.0
"""How long a round that comes every minute may take."""


@asynccontextmanager
async def a_round(name: str, seconds: float = SECONDS) -> AsyncIterator[None]:
    """Do what is inside for at most so many seconds, and leave the rest to the next round."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        log.info("round_ended_early", round=name, seconds=seconds)
