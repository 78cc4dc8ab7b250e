"""Does a challenge come back once, in time, and only from the browser it was made for?"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from nexus.accounts.challenges import make_challenge, take_challenge
from nexus.accounts.models import Challenge
from nexus.core.clock import SetClock, use
from nexus.core.db import Database

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[SetClock]:
    clock = SetClock(START)
    with use(clock):
        yield clock


async def make(database: Database, bound_to: str = "session:1") -> bytes:
    async with database.transaction() as tx:
        return await make_challenge(tx, "passkey_add", bound_to=bound_to, detail={"next": "/"})


async def take(
    database: Database, value: bytes, kind: str = "passkey_add", bound_to: str = "session:1"
) -> dict[str, Any] | None:
    async with database.transaction() as tx:
        return await take_challenge(tx, kind, value, bound_to=bound_to)


async def stored(database: Database) -> int:
    async with database.transaction() as tx:
        return await tx.scalar(select(func.count()).select_from(Challenge)) or 0


async def test_it_comes_back_once_with_what_was_noted(database: Database) -> None:
    value = await make(database)
    assert len(value) == 32
    assert await take(database, value) == {"next": "/"}
    assert await take(database, value) is None


async def test_of_two_requests_at_once_one_has_it(database: Database) -> None:
    value = await make(database)
    answers = await asyncio.gather(*(take(database, value) for _ in range(6)))
    assert sum(answer is not None for answer in answers) == 1


async def test_it_is_for_one_browser_and_one_purpose(database: Database) -> None:
    value = await make(database)
    assert await take(database, value, bound_to="session:2") is None
    assert await take(database, value, bound_to="visitor:1") is None
    assert await take(database, value, kind="passkey_prove") is None
    assert await take(database, b"x" * 32) is None
    assert await take(database, value) is not None, "and strangers cannot use it up"


async def test_it_ends_after_five_minutes_and_is_swept(database: Database, clock: SetClock) -> None:
    value = await make(database)
    clock.at += timedelta(minutes=5)
    assert await take(database, value) is None
    assert await stored(database) == 1
    await make(database)
    assert await stored(database) == 1
