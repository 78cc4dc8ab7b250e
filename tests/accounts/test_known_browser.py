"""Is a browser recognised for the right person, for long enough, and not for longer?"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from nexus.accounts.known_browser import (
    GOOD_FOR,
    MOST_BROWSERS,
    MOST_PEOPLE,
    find_known,
    forget_browsers,
    read_tokens,
    remember_browser,
)
from nexus.accounts.models import KnownBrowser
from nexus.accounts.register import create_user
from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from tests.website import PASSWORD

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA, BEN = "ada@example.com", "ben@example.com"


@pytest.fixture
def clock() -> Iterator[SetClock]:
    clock = SetClock(START)
    with use(clock):
        yield clock


async def person(database: Database, email: str) -> int:
    async with database.transaction() as tx:
        return await create_user(tx, email, PASSWORD, "")


async def remember(database: Database, user_id: int, cookie: str = "") -> str:
    async with database.transaction() as tx:
        return await remember_browser(tx, user_id, read_tokens(cookie))


async def known(database: Database, email: str, cookie: str) -> int | None:
    async with database.transaction() as tx:
        return await find_known(tx, email, read_tokens(cookie))


async def count(database: Database) -> int:
    async with database.transaction() as tx:
        return await tx.scalar(select(func.count()).select_from(KnownBrowser)) or 0


async def test_it_is_known_for_that_person_only(database: Database) -> None:
    ada = await person(database, ADA)
    await person(database, BEN)
    cookie = await remember(database, ada)
    assert await known(database, " Ada@Example.com", cookie)
    assert await known(database, BEN, cookie) is None
    assert await known(database, ADA, "x" * 43) is None
    assert await known(database, ADA, "") is None


async def test_only_the_hash_is_stored(database: Database) -> None:
    cookie = await remember(database, await person(database, ADA))
    async with database.transaction() as tx:
        row = await tx.scalar(select(KnownBrowser))
    assert row is not None
    assert len(cookie) == 43, "256 bits"
    assert row.token_sha256 == hashlib.sha256(cookie.encode()).digest()


async def test_a_token_is_renewed_with_every_use(database: Database) -> None:
    ada = await person(database, ADA)
    first = await remember(database, ada)
    number = await known(database, ADA, first)
    second = await remember(database, ada, first)
    assert second != first
    assert await known(database, ADA, first) is None, "a copy was good until now"
    assert await known(database, ADA, second) == number, "its tries stay counted"
    assert await count(database) == 1


async def test_two_people_share_a_browser(database: Database) -> None:
    ada, ben = await person(database, ADA), await person(database, BEN)
    cookie = await remember(database, ada)
    cookie = await remember(database, ben, cookie)
    cookie = await remember(database, ben, cookie)
    assert await known(database, ADA, cookie) != await known(database, BEN, cookie)
    assert len(read_tokens(cookie)) == 2


async def test_after_half_a_year_it_is_a_stranger(database: Database, clock: SetClock) -> None:
    ada = await person(database, ADA)
    cookie = await remember(database, ada)
    clock.at = START + GOOD_FOR - timedelta(seconds=1)
    assert await known(database, ADA, cookie)
    clock.at = START + GOOD_FOR
    assert await known(database, ADA, cookie) is None
    await remember(database, ada)
    assert await count(database) == 1, "the old one is gone"


async def test_the_browser_unused_for_longest_makes_room(
    database: Database, clock: SetClock
) -> None:
    ada = await person(database, ADA)
    cookies = []
    for _ in range(MOST_BROWSERS + 1):
        clock.at += timedelta(minutes=1)
        cookies.append(await remember(database, ada))
    assert await count(database) == MOST_BROWSERS
    assert await known(database, ADA, cookies[0]) is None
    assert await known(database, ADA, cookies[1])


async def test_all_but_this_one_are_forgotten(database: Database) -> None:
    ada, ben = await person(database, ADA), await person(database, BEN)
    here, there, bens = [await remember(database, who) for who in (ada, ada, ben)]
    async with database.transaction() as tx:
        await forget_browsers(tx, ada, keep=read_tokens(here))
    assert await known(database, ADA, here)
    assert await known(database, ADA, there) is None
    assert await known(database, BEN, bens)


@given(st.text(max_size=400))
def test_any_cookie_is_a_few_tokens_or_none(cookie: str) -> None:
    tokens = read_tokens(cookie)
    assert len(tokens) <= MOST_PEOPLE
    assert all(len(token) == 43 and token.isascii() for token in tokens)


def test_no_more_people_than_fit() -> None:
    assert len(read_tokens(".".join(["a" * 43] * 9))) == MOST_PEOPLE
