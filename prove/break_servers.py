"""How do workers, Redis and PostgreSQL break? Each says whether it was seen to happen."""

import asyncio
import os
import signal
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psutil  # type: ignore[import-untyped]
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from nexus.core.clock import now
from prove.campaign import Campaign, Fire

GIVE_UP_SECONDS = 20.0
TOLD_TO_END = "worker told to end at any moment (4)"


async def kill_worker(campaign: Campaign) -> bool:
    """Kill a worker at any moment (rows 1 to 3, 5)."""
    chosen = _chosen_worker(campaign)
    chosen.send_signal(signal.SIGKILL)
    return await chosen.wait() == -signal.SIGKILL


async def deploy_worker(campaign: Campaign) -> bool:
    """End a worker as a deploy does, while it may be sending (row 4)."""
    chosen = _chosen_worker(campaign)
    chosen.send_signal(signal.SIGTERM)
    campaign.house.watch(_note_end(campaign, chosen))
    return False  # Seen once it has ended: it may take its time to record what it has sent.


def _chosen_worker(campaign: Campaign) -> asyncio.subprocess.Process:
    alive = [worker for worker in campaign.house.workers if worker.returncode is None]
    return campaign.dice.choice(alive)


async def _note_end(campaign: Campaign, worker: asyncio.subprocess.Process) -> None:
    if await worker.wait() != -signal.SIGKILL:
        campaign.fires.append(Fire(TOLD_TO_END, now()))


async def jump_clock(campaign: Campaign) -> bool:
    """Let one worker's clock jump by 5 s, there and back (row 27)."""
    number = campaign.dice.randrange(len(campaign.house.workers))
    off = campaign.dice.choice((-5000, 5000))
    campaign.house.clock_of(number).write_text(str(off))
    await asyncio.sleep(3)
    campaign.house.clock_of(number).write_text("0")
    return f"fault clock={off}" in campaign.house.log_of(number)


async def flush_redis(campaign: Campaign) -> bool:
    """Forget every job, count and lock (row 6)."""
    held: int = await campaign.house.redis.dbsize()
    await campaign.house.redis.flushall()
    return held > 0


async def shut_redis(campaign: Campaign) -> bool:
    """Take Redis away for some seconds (row 7)."""
    door = campaign.house.doors["redis"]
    turned_away = door.turned_away
    door.is_open = False
    cut = await door.cut()
    await asyncio.sleep(campaign.dice.uniform(2, 5))
    door.is_open = True
    return cut > 0 and door.turned_away > turned_away


async def age_redis(campaign: Campaign) -> bool:
    """Put everything in Redis back to what it was some seconds ago (row 8).

    As a snapshot on disk would: taken in one moment, and what has expired meanwhile stays away.
    """
    redis, loop = campaign.house.redis, asyncio.get_running_loop()
    keys: list[Any] = list(await redis.keys())
    async with redis.pipeline(transaction=True) as snapshot:
        for key in keys:
            snapshot.dump(key)
            snapshot.pttl(key)
        values = await snapshot.execute()
    taken = loop.time()
    await asyncio.sleep(campaign.dice.uniform(4, 6))
    passed = int((loop.time() - taken) * 1000)
    lives = [
        (key, value, ttl)
        for key, value, ttl in zip(keys, values[::2], values[1::2], strict=True)
        if value is not None and (ttl < 0 or ttl > passed)
    ]
    async with redis.pipeline(transaction=True) as back:
        back.dbsize()
        back.flushall()
        for key, value, ttl in lives:
            back.restore(key, 0 if ttl < 0 else ttl - passed, value)
        before, *_ = await back.execute()
    return before > 0 and bool(lives)


async def kill_backend(campaign: Campaign) -> bool:
    """Kill one PostgreSQL backend: every UNLOGGED table is empty afterwards (row 9).

    The workers are kept out until the emptiness has been seen, so that it cannot be missed.
    """
    house = campaign.house
    door = house.doors["postgres"]
    filled = await _tickers(campaign)
    door.is_open = False
    os.kill(campaign.dice.choice(await _backends(campaign)), signal.SIGKILL)
    emptied = await _tickers_after_crash(campaign) == 0
    await door.cut()
    door.is_open = True
    campaign.house.watch(_time_refill(campaign))
    return filled > 0 and emptied


async def _backends(campaign: Campaign) -> list[int]:
    async with campaign.house.database.engine.connect() as connection:
        found = await connection.scalars(
            text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        )
        return [pid for pid in found if psutil.pid_exists(pid)]


async def _tickers(campaign: Campaign) -> int:
    async with campaign.house.database.engine.connect() as connection:
        return await connection.scalar(text("SELECT count(*) FROM tickers")) or 0


async def _tickers_after_crash(campaign: Campaign) -> int:
    """Ask again and again until the server has come back from its crash."""
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while True:
            # A connection that survived has not seen the crash yet.
            await campaign.house.database.engine.dispose()
            with suppress(DBAPIError, OSError):
                found = await _tickers(campaign)
                if found == 0:
                    return 0
            await asyncio.sleep(0.1)


async def _time_refill(campaign: Campaign) -> None:
    began = now()
    while now() - began < timedelta(seconds=120):
        with suppress(DBAPIError, OSError):
            if await _tickers(campaign):
                campaign.refills.append(now() - began)
                return
        await asyncio.sleep(0.2)


async def lose_commits(campaign: Campaign) -> bool:
    """Hold back what the database answers to a COMMIT, then cut (row 10)."""
    door = campaign.house.doors["postgres"]
    lost = door.commits_held
    door.loses_commits = True
    for _ in range(150):
        if door.commits_held > lost:
            break
        await asyncio.sleep(0.02)
    await door.cut()
    door.loses_commits = False
    return door.commits_held > lost


async def cut_exchange(campaign: Campaign) -> bool:
    """Cut every connection to the exchange."""
    return await campaign.house.doors["exchange"].cut() > 0
