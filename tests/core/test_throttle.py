"""Are attempts counted exactly, together, and also while Redis is away?"""

import asyncio
import socket
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from redis.asyncio import Redis

from nexus.core import throttle as throttle_module
from nexus.core.throttle import LocalCounts, Rule, Throttle

RULE = Rule("test", limit=4, seconds=60)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


async def test_so_many_and_no_more(redis: Redis) -> None:
    throttle = Throttle(redis)
    waits = [await throttle.take(RULE, "ada") for _ in range(6)]
    assert waits[:4] == [0, 0, 0, 0]
    assert all(58 <= wait <= 60 for wait in waits[4:])


async def test_each_key_and_each_rule_counts_by_itself(redis: Redis) -> None:
    throttle = Throttle(redis)
    for _ in range(5):
        await throttle.take(RULE, "ada", "home")
    assert await throttle.take(RULE, "ada", "office") == 0
    assert await throttle.take(RULE, "adah", "ome") == 0
    assert await throttle.take(Rule("other", 4, 60), "ada", "home") == 0
    assert await throttle.take(RULE, "ada", "home") > 0


async def test_processes_count_together(redis: Redis, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as another:
        throttles = [Throttle(redis), Throttle(another)]
        takes = [throttle.take(RULE, "ada") for throttle in throttles for _ in range(10)]
        waits = await asyncio.gather(*takes)
    assert sum(wait == 0 for wait in waits) == 4


async def test_what_is_given_back_can_be_taken_again(redis: Redis) -> None:
    throttle = Throttle(redis)
    for _ in range(4):
        await throttle.take(RULE, "ada")
    await throttle.give_back(RULE, "ada")
    assert await throttle.take(RULE, "ada") == 0
    assert await throttle.take(RULE, "ada") > 0


async def test_giving_back_never_makes_credit(redis: Redis) -> None:
    throttle = Throttle(redis)
    for _ in range(3):
        await throttle.give_back(RULE, "ada")
    assert [await throttle.take(RULE, "ada") == 0 for _ in range(5)] == [True] * 4 + [False]


async def test_the_window_ends_and_is_not_prolonged(redis: Redis) -> None:
    throttle = Throttle(redis)
    for _ in range(6):
        await throttle.take(RULE, "ada")
    (key,) = await redis.keys("throttle:*")
    assert 0 < await redis.pttl(key) <= 60_000
    await redis.pexpire(key, 500)
    await throttle.take(RULE, "ada")
    assert await redis.pttl(key) <= 500
    await redis.delete(key)
    assert await throttle.take(RULE, "ada") == 0


async def test_without_redis_it_counts_to_half() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as nobody:
        throttle = Throttle(nobody)
        assert [await throttle.take(RULE, "ada") for _ in range(3)] == [0, 0, 60]
        await throttle.give_back(RULE, "ada")
        await throttle.give_back(RULE, "ada")
        assert await throttle.take(RULE, "ada") == 0


async def test_a_silent_redis_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle_module, "REDIS_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with Redis.from_url(f"redis://127.0.0.1:{port}/0") as redis, asyncio.timeout(5):
            assert await Throttle(redis).take(RULE, "ada") == 0


def test_a_window_of_our_own_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(throttle_module, "time", SimpleNamespace(monotonic=lambda: moment))
    counts = LocalCounts()
    assert [counts.take(RULE, "ada") for _ in range(3)] == [0, 0, 60]
    moment += 59
    assert counts.take(RULE, "ada") == 1
    moment += 1
    assert counts.take(RULE, "ada") == 0


def test_memory_is_bounded_and_full_means_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(throttle_module, "time", SimpleNamespace(monotonic=lambda: moment))
    monkeypatch.setattr(throttle_module, "MAX_LOCAL_KEYS", 3)
    counts = LocalCounts()
    assert [counts.take(RULE, name) for name in "abcd"] == [0, 0, 0, 60]
    assert counts.take(RULE, "a") == 0, "who is counted already goes on"
    moment += 61
    assert counts.take(RULE, "d") == 0
