"""Does a real worker process look, decide once, survive its doorbell, and stop when told?"""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import redis
from sqlalchemy import func, select, text

from nexus.core.db import Database
from nexus.pipeline.models import TickSlot
from nexus.settings import Settings, SettingsError
from nexus.simulator.server import SimulatorOptions, start_simulator
from nexus.worker import run_worker

STARTED_SECONDS = 40
STOPPED_SECONDS = 20


@asynccontextmanager
async def workers(count: int, environment: dict[str, str]) -> AsyncIterator[list[int]]:
    """Run worker processes; they must end by themselves, and well, when told to."""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "nexus.cli", "worker", env={**os.environ, **environment}
        )
        for _ in range(count)
    ]
    try:
        yield [process.pid for process in processes]
        for process in processes:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOPPED_SECONDS):
            assert [await process.wait() for process in processes] == [0] * count
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(STARTED_SECONDS):
        while not await condition():  # noqa: ASYNC110  another process does it
            await asyncio.sleep(0.1)


async def finished_ticks(database: Database) -> int:
    async with database.transaction() as tx:
        finished = select(func.count()).where(TickSlot.finished_at.is_not(None))
        return int(await tx.scalar(finished) or 0)


@pytest.fixture
async def environment(database_url: str, redis_url: str) -> AsyncIterator[dict[str, str]]:
    """Give what a worker needs, with a market of its own to look at."""
    simulator = await start_simulator(SimulatorOptions(seed=1))
    yield {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EXCHANGE_URL": simulator.url,
        "MARKET_URL": simulator.url,
        "KEY_ENCRYPTION_KEY": base64.b64encode(bytes(32)).decode(),
        "TIMEFRAME": "1s",
        "TICK_SECONDS": "5",
    }
    await simulator.stop()


async def test_two_workers_take_turns_and_survive_a_flushed_doorbell(
    database: Database, redis_url: str, environment: dict[str, str]
) -> None:
    async with workers(2, environment):
        await until(lambda: _more_than(database, 1))
        seen = await finished_ticks(database)
        with redis.Redis.from_url(redis_url) as doorbell:
            doorbell.flushall()
        await until(lambda: _more_than(database, seen + 1))
    async with database.transaction() as tx:
        twice = await tx.scalar(
            text("SELECT count(*) - count(DISTINCT (strategy, symbol, candle)) FROM decisions")
        )
        worked = (await tx.scalars(select(TickSlot.outcome))).all()
    assert twice == 0
    assert not any(outcome and outcome.get("failed") for outcome in worked)


async def _more_than(database: Database, ticks: int) -> bool:
    return await finished_ticks(database) > ticks


@pytest.mark.parametrize("missing", ["database_url", "redis_url", "key_encryption_key"])
def test_a_worker_without_what_it_needs_says_so(missing: str) -> None:
    whole = Settings(
        database_url="postgresql://localhost/none",
        redis_url="redis://localhost:1",
        key_encryption_key=base64.b64encode(bytes(32)).decode(),  # type: ignore[arg-type]
    )
    lacking = whole.model_copy(update={missing: type(getattr(whole, missing))("")})
    with pytest.raises(SettingsError, match=f"{missing.upper()}: must be set"):
        run_worker(lacking)
