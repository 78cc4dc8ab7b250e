"""How long does a session live, and what ends it?"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from nexus.accounts.models import Session, User
from nexus.accounts.sessions import Person, end_session, find_person, start_session
from nexus.core.clock import SetClock, use
from nexus.core.db import Database

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[SetClock]:
    clock = SetClock(START)
    with use(clock):
        yield clock


@pytest.fixture
async def ada(database: Database) -> int:
    async with database.transaction() as tx:
        user = User(
            email="Ada@example.com",
            email_key="ada@example.com",
            display_name="Ada",
            password_hash="",
            created_at=START,
        )
        tx.add(user)
        await tx.flush()
        return user.id


async def sign_in(database: Database, user_id: int) -> str:
    async with database.transaction() as tx:
        return await start_session(tx, user_id, user_agent="Firefox", network="192.0.2.7")


async def who(database: Database, token: str) -> Person | None:
    async with database.transaction() as tx:
        return await find_person(tx, token)


async def sessions(database: Database) -> list[Session]:
    async with database.transaction() as tx:
        return list(await tx.scalars(select(Session).order_by(Session.id)))


async def test_the_token_finds_the_person(database: Database, ada: int) -> None:
    token = await sign_in(database, ada)
    person = await who(database, token)
    assert person is not None
    assert (person.id, person.email, person.display_name) == (ada, "Ada@example.com", "Ada")


async def test_only_the_tokens_hash_is_stored(database: Database, ada: int) -> None:
    token = await sign_in(database, ada)
    (session,) = await sessions(database)
    assert len(token) == 43, "256 bits"
    assert session.token_sha256 == hashlib.sha256(token.encode()).digest()
    assert token not in repr(vars(session))
    assert (session.user_agent, session.network) == ("Firefox", "192.0.2.7")


async def test_two_sign_ins_are_two_tokens(database: Database, ada: int) -> None:
    assert await sign_in(database, ada) != await sign_in(database, ada)


@pytest.mark.parametrize("token", ["", "x" * 43, "x", "\x00" * 43, "é" * 43])
async def test_another_token_finds_nobody(database: Database, ada: int, token: str) -> None:
    await sign_in(database, ada)
    assert await who(database, token) is None


async def test_a_week_unused_ends_it(database: Database, ada: int, clock: SetClock) -> None:
    token = await sign_in(database, ada)
    clock.at = START + timedelta(days=7) - timedelta(seconds=1)
    assert await who(database, token)
    clock.at += timedelta(days=7)
    assert await who(database, token) is None


async def test_thirty_days_end_it_however_used(
    database: Database, ada: int, clock: SetClock
) -> None:
    token = await sign_in(database, ada)
    for day in range(1, 30):
        clock.at = START + timedelta(days=day)
        assert await who(database, token), f"day {day}"
    clock.at = START + timedelta(days=30)
    assert await who(database, token) is None


async def test_being_seen_is_written_once_a_minute(
    database: Database, ada: int, clock: SetClock
) -> None:
    token = await sign_in(database, ada)
    clock.at = START + timedelta(seconds=59)
    await who(database, token)
    assert (await sessions(database))[0].last_seen_at == START
    clock.at = START + timedelta(seconds=61)
    await who(database, token)
    assert (await sessions(database))[0].last_seen_at == clock.at


async def test_a_disabled_person_is_out_at_once(database: Database, ada: int) -> None:
    token = await sign_in(database, ada)
    async with database.transaction() as tx:
        await tx.execute(update(User).values(disabled_at=START))
    assert await who(database, token) is None


async def test_ending_one_session_leaves_the_others(database: Database, ada: int) -> None:
    phone, desk = await sign_in(database, ada), await sign_in(database, ada)
    async with database.transaction() as tx:
        await end_session(tx, phone)
    assert await who(database, phone) is None
    assert await who(database, desk)


async def test_dead_sessions_go_when_somebody_signs_in(
    database: Database, ada: int, clock: SetClock
) -> None:
    await sign_in(database, ada)
    clock.at = START + timedelta(days=8)
    token = await sign_in(database, ada)
    assert len(await sessions(database)) == 1
    assert await who(database, token)
