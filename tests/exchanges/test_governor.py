"""Do all processes together stay under the limit, with Redis and without?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from nexus.core.clock import SetClock, use
from nexus.exchanges.governor import Governor, Grant, Shares

AT = datetime(2026, 1, 2, 0, 0, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TOLD = "X-MBX-USED-WEIGHT-1M"


@pytest.fixture
async def memory(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


class Broken:
    """A Redis that is away until `back` is set, and counts how often it was tried."""

    def __init__(self, back: Redis | None = None) -> None:
        self.tried = 0
        self.back = back

    async def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        self.tried += 1
        if self.back is None:
            raise ConnectionError("away")
        return await self.back.eval(script, numkeys, *keys_and_args)


async def take_at(governor: Governor, at: datetime, requests: int, *, exits: bool = True) -> Grant:
    with use(SetClock(at)):
        return await governor.take(requests, 1, exits=exits)


# ------------------------------------------------------------------------------- one budget
async def test_two_processes_share_one_budget_and_exits_keep_a_part(memory: Redis) -> None:
    one, two = (Governor("egress", 100, memory, Shares(exits=30)) for _ in range(2))
    first = await take_at(one, AT, 50, exits=False)
    assert (first.requests, first.retry_after) == (50, 0)
    second = await take_at(two, AT, 50, exits=False)
    assert (second.requests, second.retry_after) == (20, 65)
    assert (await take_at(one, AT, 1, exits=False)).requests == 0
    assert (await take_at(one, AT, 40)).requests == 30


async def test_two_egresses_have_two_budgets(memory: Redis) -> None:
    for name in ("frankfurt", "tokyo"):
        assert (await take_at(Governor(name, 100, memory), AT, 150)).requests == 100


async def test_many_at_once_never_get_more_than_there_is(memory: Redis) -> None:
    governors = [Governor("egress", 100, memory) for _ in range(20)]
    with use(SetClock(AT)):
        grants = await asyncio.gather(*(one.take(7, 1, exits=True) for one in governors))
    assert sum(grant.requests for grant in grants) == 100


async def test_many_at_once_in_one_process_neither(memory: Redis) -> None:
    """Each carries the whole count of the process, which must not undo what another adds."""
    governor = Governor("egress", 100, memory)
    with use(SetClock(AT)):
        await governor.take(10, 1, exits=True)
        grants = await asyncio.gather(*(governor.take(7, 1, exits=True) for _ in range(20)))
    assert sum(grant.requests for grant in grants) == 90
    assert (await take_at(Governor("egress", 100, memory), AT, 1)).requests == 0


async def test_a_request_is_granted_whole_or_not_at_all(memory: Redis) -> None:
    governor = Governor("egress", 50, memory)
    with use(SetClock(AT)):
        assert (await governor.take(3, 20, exits=True)).requests == 2
        assert (await governor.take(1, 10, exits=True)).requests == 1


@pytest.mark.parametrize("alone", [True, False])
async def test_no_minute_however_it_lies_holds_more_than_the_limit(
    memory: Redis, *, alone: bool
) -> None:
    """The exchange's minutes begin when they like, and two processes ask at random."""
    chance = Random(7)  # noqa: S311  not a secret
    shared = None if alone else memory
    governors = [Governor("egress", 100, shared) for _ in range(1 if alone else 2)]
    granted: list[tuple[float, int]] = []
    seconds = 0
    for _ in range(200):
        seconds += chance.choice([0, 1, 1, 2, 7])
        one = chance.choice(governors)
        grant = await take_at(one, AT + SECOND * seconds, chance.randint(1, 40))
        granted.append((seconds, grant.requests))
    for begin in range(seconds):
        assert sum(n for at, n in granted if begin <= at < begin + 60) <= 100
    assert sum(n for _, n in granted) > 100 * seconds / 65 * 0.8  # And little is left unused.


@pytest.mark.parametrize("alone", [True, False])
async def test_who_comes_back_when_told_gets_something(memory: Redis, *, alone: bool) -> None:
    """By Redis and by the count of one process: Lua and Python say the same."""
    governor = Governor("egress", 100, None if alone else memory)
    await take_at(governor, AT, 60)
    await take_at(governor, AT + SECOND * 20, 40)
    late = await take_at(governor, AT + SECOND * 30, 100)
    assert (late.requests, late.retry_after) == (0, 35)
    back = await take_at(governor, AT + SECOND * 65, 100)
    assert (back.requests, back.retry_after) == (60, 20)


async def test_what_was_not_used_comes_back_for_everybody(memory: Redis) -> None:
    one, two = Governor("egress", 10, memory), Governor("egress", 10, memory)
    with use(SetClock(AT)):
        grant = await one.take(10, 1, exits=True)
        await one.give_back(grant, 4)
        assert (await two.take(10, 1, exits=True)).requests == 4


# -------------------------------------------------------------------- what the exchange says
async def test_the_exchanges_own_count_wins_when_it_is_higher(memory: Redis) -> None:
    one, two = Governor("egress", 100, memory), Governor("egress", 100, memory)
    with use(SetClock(AT)):
        one.hear({TOLD: "95"})
        one.hear({TOLD: "7"})
        assert (await one.take(10, 1, exits=True)).requests == 5
        assert (await two.take(10, 1, exits=True)).requests == 0


async def test_what_it_counted_a_minute_ago_is_over(memory: Redis) -> None:
    governor = Governor("egress", 100, memory)
    with use(SetClock(AT)):
        governor.hear({TOLD: "95"})
    assert (await take_at(governor, AT + SECOND * 60, 100)).requests == 100


async def test_a_pause_holds_every_process_until_it_ends(memory: Redis) -> None:
    one, two = Governor("egress", 100, memory), Governor("egress", 100, memory)
    with use(SetClock(AT)):
        await one.pause(120, banned=True)
        await two.pause(30)
        for governor in (one, two):
            grant = await governor.take(1, 1, exits=True)
            assert (grant.requests, grant.retry_after) == (0, 120)
            state = await governor.state()
            assert (state.seconds_paused, state.why) == (120, "banned")
    for governor in (one, two):
        assert (await take_at(governor, AT + SECOND * 121, 1)).requests == 1


async def test_whoever_looks_sees_how_things_stand(memory: Redis) -> None:
    busy, idle = Governor("egress", 100, memory), Governor("egress", 100, memory)
    with use(SetClock(AT)):
        await busy.take(60, 1)
        seen = await idle.state()
        assert (seen.used, seen.per_minute, seen.why, seen.alone) == (60, 100, "", False)
        await busy.take(60, 1, exits=True)
        assert (await idle.state()).why == "used up"


async def test_used_up_is_said_once_a_minute() -> None:
    governor = Governor("egress", 100, None)
    with capture_logs() as lines:
        for number in range(100):
            await take_at(governor, AT + timedelta(milliseconds=100 * number), 50)
    assert [line["event"] for line in lines] == ["egress_used_up"]


# ------------------------------------------------------------------------------- Redis away
async def test_while_redis_is_away_a_process_keeps_to_its_share() -> None:
    memory = Broken()
    governor = Governor("egress", 100, memory, Shares(exits=20, alone=25))
    with use(SetClock(AT)):
        assert (await governor.take(50, 1)).requests == 20  # Exits keep their part.
        grant = await governor.take(50, 1, exits=True)
        assert grant.requests == 5
        await governor.give_back(grant, 5)
        assert (await governor.take(9, 1, exits=True)).requests == 5
        state = await governor.state()
        assert (state.used, state.alone) == (25, True)
    assert memory.tried == 1  # It is not asked again at once.


async def test_what_was_used_meanwhile_counts_when_redis_is_back(memory: Redis) -> None:
    away = Broken()
    one, two = Governor("egress", 100, away), Governor("egress", 100, memory)
    await take_at(one, AT, 25)
    away.back, one._memory_back_at = memory, 0
    with capture_logs() as lines:
        await take_at(one, AT + SECOND, 5)
        assert (await take_at(two, AT + SECOND, 100)).requests == 70
    assert "governor_shared_again" in [line["event"] for line in lines]


async def test_the_only_process_has_the_whole_budget() -> None:
    governor = Governor("egress", 100, memory=None)
    assert (await take_at(governor, AT, 100, exits=False)).requests == 80
    assert (await take_at(governor, AT, 100)).requests == 20


async def test_while_redis_is_away_a_pause_still_holds() -> None:
    governor = Governor("egress", 100, Broken())
    with use(SetClock(AT)):
        await governor.pause(10)
        assert (await governor.take(1, 1, exits=True)).retry_after == 10


async def test_a_redis_that_hangs_costs_half_a_second_at_most() -> None:
    class Hanging:
        async def eval(self, _script: str, _numkeys: int, *_keys_and_args: Any) -> Any:
            await asyncio.Event().wait()

    governor = Governor("egress", 100, Hanging())
    async with asyncio.timeout(2):
        grants = await asyncio.gather(*(governor.take(1, 1) for _ in range(10)))
    assert sum(grant.requests for grant in grants) == 10


async def test_an_emptied_redis_is_filled_again(memory: Redis) -> None:
    one, two = Governor("egress", 100, memory), Governor("egress", 100, memory)
    await take_at(one, AT, 30)
    await take_at(two, AT, 20)
    with use(SetClock(AT)):
        two.hear({TOLD: "60"})  # Somebody else at our address used ten.
    await take_at(two, AT, 1)
    await memory.flushall()
    assert (await take_at(one, AT, 1)).requests == 1
    assert (await take_at(two, AT, 100)).requests == 100 - 31 - 31


async def test_nothing_old_stays_in_redis(memory: Redis) -> None:
    for number in range(30):
        await take_at(Governor("egress", 100, memory), AT + SECOND * 10 * number, 1)
    assert await memory.hlen("nexus:weight:egress") <= 8
    assert 0 < await memory.pttl("nexus:weight:egress") <= 130_000
