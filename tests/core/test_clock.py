"""Is there one clock, and does whoever sets it set it for their own work only?"""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.core.clock import JumpingClock, SetClock, SystemClock, from_ms, now, to_ms, use

NOON = datetime(2020, 3, 12, 12, tzinfo=UTC)


def test_by_default_it_is_the_machines_time() -> None:
    before = SystemClock().now()
    assert before <= now() <= SystemClock().now()
    assert now().tzinfo is UTC


def test_a_set_clock_stands_until_it_is_moved() -> None:
    with use(SetClock(NOON)) as clock:
        assert now() == now() == NOON
        assert isinstance(clock, SetClock)
        clock.at += timedelta(hours=1)
        assert now() == NOON + timedelta(hours=1)


def test_clocks_nest_and_come_back() -> None:
    with use(SetClock(NOON)):
        with use(SetClock(NOON + timedelta(days=1))):
            assert now() == NOON + timedelta(days=1)
        assert now() == NOON
    assert now() > NOON + timedelta(days=365)


def test_a_clock_is_put_away_even_after_a_mistake() -> None:
    with pytest.raises(ZeroDivisionError), use(SetClock(NOON)):
        raise ZeroDivisionError
    assert now() > NOON + timedelta(days=365)


async def test_tasks_that_were_started_under_a_clock_keep_it() -> None:
    asked = asyncio.Event()

    async def look_later() -> datetime:
        await asked.wait()
        return now()

    with use(SetClock(NOON)):
        inside = asyncio.create_task(look_later())
    outside = asyncio.create_task(look_later())
    asked.set()
    assert await inside == NOON
    assert await outside > NOON + timedelta(days=365)


def test_moments_and_milliseconds() -> None:
    assert to_ms(NOON) == 1_584_014_400_000
    assert from_ms(1_584_014_400_001) == NOON + timedelta(milliseconds=1)
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert to_ms(elsewhere) == to_ms(NOON)
    assert from_ms(0).tzinfo is UTC


@settings(max_examples=200)
@given(st.integers(0, 4_102_444_800_000))
def test_milliseconds_come_back_whole(milliseconds: int) -> None:
    moment = from_ms(milliseconds)
    assert moment.microsecond % 1000 == 0
    assert to_ms(moment) == milliseconds


def test_a_clock_jumps_as_its_file_says_and_tells(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "clock"
    with use(JumpingClock(path)):
        assert abs(now() - SystemClock().now()) < timedelta(seconds=2)
        path.write_text("-5000")
        assert timedelta(seconds=4) < SystemClock().now() - now() < timedelta(seconds=7)
        path.write_text("half written")
        assert timedelta(seconds=4) < SystemClock().now() - now()
        path.write_text("0")
        assert abs(now() - SystemClock().now()) < timedelta(seconds=2)
    assert capfd.readouterr().err == "fault clock=-5000\nfault clock=0\n"
