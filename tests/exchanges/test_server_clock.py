"""Is the exchange's time known to half a second, and is a jump of ours noticed?"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from nexus.core.clock import SetClock, now, to_ms, use
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.exchanges.server_clock import ServerClock

AT = datetime(2026, 1, 2, tzinfo=UTC)


class Server:
    """A server whose clock is off by `ahead_ms` and which counts how often it is asked."""

    def __init__(self, ahead_ms: int = 0) -> None:
        self.ahead_ms = ahead_ms
        self.asked = 0

    async def __call__(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)  # Let others ask too, if they would.
        return to_ms(now()) + self.ahead_ms


@pytest.mark.parametrize("ahead_ms", [0, 5_000, -5_000, 86_400_000])
async def test_a_stamp_is_the_servers_time(ahead_ms: int) -> None:
    with use(SetClock(AT)):
        assert await ServerClock(Server(ahead_ms)).stamp() == to_ms(AT) + ahead_ms


async def test_it_is_measured_once_for_many_stamps_at_once() -> None:
    server = Server()
    clock = ServerClock(server)
    with use(SetClock(AT)):
        await asyncio.gather(*(clock.stamp() for _ in range(50)))
    assert server.asked == 1


@pytest.mark.parametrize("jump", [timedelta(seconds=5), timedelta(seconds=-5)])
async def test_a_jump_of_our_clock_is_measured_anew(jump: timedelta) -> None:
    server = Server(ahead_ms=100)
    clock = ServerClock(server)
    with use(SetClock(AT)):
        await clock.stamp()
    server.ahead_ms = 100 - round(jump.total_seconds() * 1000)
    with use(SetClock(AT + jump)):
        assert await clock.stamp() == to_ms(AT) + 100
    assert server.asked == 2


async def test_doubt_is_measured_anew() -> None:
    server = Server()
    clock = ServerClock(server)
    with use(SetClock(AT)):
        await clock.stamp()
        server.ahead_ms = 700
        clock.doubt()
        assert await clock.stamp() == to_ms(AT) + 700


def ticking(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Take the monotonic clock in hand: gives what moves it on, in seconds."""
    at = 1000.0

    def move(seconds: float) -> None:
        nonlocal at
        at += seconds

    monkeypatch.setattr("nexus.exchanges.server_clock.monotonic", lambda: at)
    return move


async def test_a_measurement_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    move = ticking(monkeypatch)
    server = Server()
    clock = ServerClock(server)
    with use(SetClock(AT)):
        await clock.stamp()
    move(61)
    with use(SetClock(AT + timedelta(seconds=61))):  # It ran evenly, and yet it is old.
        await clock.stamp()
    assert server.asked == 2


async def test_an_answer_that_takes_too_long_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    move = ticking(monkeypatch)

    async def slow() -> int:
        move(1.2)
        return to_ms(now())

    with use(SetClock(AT)), pytest.raises(ExchangeAwayError, match="600 ms"):
        await ServerClock(slow).stamp()


async def test_the_quickest_answer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    move = ticking(monkeypatch)
    delays = iter((0.9, 0.3, 0.6))

    async def uneven() -> int:
        delay = next(delays)
        move(delay)
        return to_ms(now()) + round(delay * 1000)

    with use(SetClock(AT)):
        assert await ServerClock(uneven).stamp() == to_ms(AT) + 300


async def test_a_server_that_is_away_gives_no_stamp() -> None:
    async def away() -> int:
        raise ExchangeAwayError("away")

    with pytest.raises(ExchangeAwayError):
        await ServerClock(away).stamp()
