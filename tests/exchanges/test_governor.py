"""Do all processes together stay under the limit, with Redis and without?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from nexus.core.clock import SetClock, use
from nexus.exchanges.governor import Governor

AT = datetime(2026, 1, 2, 0, 0, 15, tzinfo=UTC)


@pytest.fixture
async def memory(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


async def test_two_processes_share_one_budget_and_exits_keep_a_fifth(memory: Redis) -> None:
    one, two = Governor("egress", 100, memory), Governor("egress", 100, memory)
    with use(SetClock(AT)):
        first = await one.take(50, 1)
        assert (first.requests, first.retry_after) == (50, 0)
        second = await two.take(50, 1)
        assert (second.requests, second.retry_after) == (30, 45)
        assert (await one.take(1, 1)).requests == 0
        assert (await one.take(30, 1, exits=True)).requests == 20


async def test_many_at_once_never_get_more_than_there_is(memory: Redis) -> None:
    governors = [Governor("egress", 100, memory) for _ in range(20)]
    with use(SetClock(AT)):
        grants = await asyncio.gather(*(one.take(7, 1, exits=True) for one in governors))
    assert sum(grant.requests for grant in grants) == 100


async def test_a_request_is_granted_whole_or_not_at_all(memory: Redis) -> None:
    governor = Governor("egress", 50, memory)
    with use(SetClock(AT)):
        assert (await governor.take(3, 20, exits=True)).requests == 2
        assert (await governor.take(1, 10, exits=True)).requests == 1


async def test_a_new_minute_is_a_new_budget(memory: Redis) -> None:
    governor = Governor("egress", 10, memory)
    with use(SetClock(AT)):
        await governor.take(10, 1, exits=True)
    with use(SetClock(AT + timedelta(seconds=44))):
        assert (await governor.take(1, 1, exits=True)).requests == 0
    with use(SetClock(AT + timedelta(seconds=45))):
        assert (await governor.take(10, 1, exits=True)).requests == 10


async def test_what_was_not_used_comes_back(memory: Redis) -> None:
    governor = Governor("egress", 10, memory)
    with use(SetClock(AT)):
        grant = await governor.take(10, 1, exits=True)
        await governor.give_back(grant, 4)
        assert (await governor.take(10, 1, exits=True)).requests == 4


async def test_the_exchanges_own_count_wins_when_it_is_higher(memory: Redis) -> None:
    one, two = Governor("egress", 100, memory), Governor("egress", 100, memory)
    with use(SetClock(AT)):
        one.hear({"X-MBX-USED-WEIGHT-1M": "95"})
        one.hear({"X-MBX-USED-WEIGHT-1M": "7"})
        assert (await one.take(10, 1, exits=True)).requests == 5
        assert (await two.take(10, 1, exits=True)).requests == 0


async def test_a_pause_holds_every_process_until_it_ends(memory: Redis) -> None:
    one, two = Governor("egress", 100, memory), Governor("egress", 100, memory)
    with use(SetClock(AT)):
        await one.pause(120)
        await one.pause(30)
        for governor in (one, two):
            grant = await governor.take(1, 1, exits=True)
            assert (grant.requests, grant.retry_after) == (0, 120)
    with use(SetClock(AT + timedelta(seconds=121))):
        assert (await one.take(1, 1)).requests == (await two.take(1, 1)).requests == 1


class Broken:
    """A Redis that is away, and counts how often it was tried."""

    tried = 0

    async def eval(self, _script: str, _numkeys: int, *_keys_and_args: Any) -> Any:
        self.tried += 1
        raise ConnectionError("away")


async def test_while_redis_is_away_a_process_keeps_to_a_quarter() -> None:
    memory = Broken()
    governor = Governor("egress", 100, memory)
    with use(SetClock(AT)):
        grant = await governor.take(50, 1, exits=True)
        assert grant.requests == 25
        assert (await governor.take(1, 1, exits=True)).requests == 0
        await governor.give_back(grant, 5)
        assert (await governor.take(9, 1, exits=True)).requests == 5
    assert memory.tried == 1  # It is not asked again at once.


async def test_the_only_process_has_the_whole_budget() -> None:
    governor = Governor("egress", 100, memory=None)
    with use(SetClock(AT)):
        assert (await governor.take(100, 1)).requests == 80
        assert (await governor.take(100, 1, exits=True)).requests == 20


async def test_while_redis_is_away_a_pause_still_holds() -> None:
    governor = Governor("egress", 100, Broken())
    with use(SetClock(AT)):
        await governor.pause(10)
        assert (await governor.take(1, 1, exits=True)).retry_after == 10


async def test_a_redis_that_hangs_costs_half_a_second_at_most() -> None:
    class Hanging:
        async def eval(self, _script: str, _numkeys: int, *_keys_and_args: Any) -> Any:
            await asyncio.Event().wait()

    async with asyncio.timeout(2):
        assert (await Governor("egress", 100, Hanging()).take(1, 1)).requests == 1


async def test_an_emptied_redis_costs_nothing_but_the_count(memory: Redis) -> None:
    governor = Governor("egress", 100, memory)
    with use(SetClock(AT)):
        governor.hear({"X-MBX-USED-WEIGHT-1M": "60"})
        await governor.take(10, 1)
        await memory.flushall()
        assert (await governor.take(100, 1, exits=True)).requests == 40
