"""How long does a session live, and what ends it?"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from nexus.accounts.events import SessionsEnded
from nexus.accounts.models import Session, User
from nexus.accounts.sessions import (
    Person,
    end_all_sessions,
    end_one_session,
    end_other_sessions,
    end_session,
    find_person,
    is_signed_in,
    rotate_session,
    start_session,
)
from nexus.core.clock import SetClock, use
from nexus.core.db import Database, Transaction

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


# ------------------------------------------------------------------------------- a change of trust
async def test_a_rotated_session_has_another_token_and_is_the_same_session(
    database: Database, ada: int
) -> None:
    old = await sign_in(database, ada)
    before = await who(database, old)
    assert before is not None
    async with database.transaction() as tx:
        fresh = await rotate_session(tx, before.session_id)
    after = await who(database, fresh)
    assert after is not None
    assert len(fresh) == 43
    assert await who(database, old) is None, "a copied token stays behind"
    assert after.session_id == before.session_id, "open forms stay valid"
    async with database.transaction() as tx:
        assert await is_signed_in(tx, after.session_id), "and so do open streams"


@pytest.mark.parametrize("role", ["reader", "support", "admin"])
async def test_staff_are_signed_out_after_half_an_hour_of_nothing(
    database: Database, ada: int, clock: SetClock, role: str
) -> None:
    token = await sign_in(database, ada)
    async with database.transaction() as tx:
        await tx.execute(update(User).values(role=role))
    clock.at = START + timedelta(minutes=29)
    assert await who(database, token)
    clock.at += timedelta(minutes=31)
    assert await who(database, token) is None


async def test_staff_are_signed_out_after_twelve_hours_however_busy(
    database: Database, ada: int, clock: SetClock
) -> None:
    token = await sign_in(database, ada)
    async with database.transaction() as tx:
        await tx.execute(update(User).values(role="admin"))
    for quarter in range(1, 48):
        clock.at = START + quarter * timedelta(minutes=15)
        assert await who(database, token), clock.at
    clock.at = START + timedelta(hours=12)
    assert await who(database, token) is None


# ---------------------------------------------------------------------------------- ending several
@pytest.fixture
async def listening(database: Database) -> list[SessionsEnded]:
    """Collect what is said when sessions end."""
    said: list[SessionsEnded] = []

    async def note(_tx: Transaction, facts: Sequence[SessionsEnded]) -> None:
        said.extend(facts)

    database._reactions = {SessionsEnded: [note]}
    return said


async def test_all_others_end_and_say_so(
    database: Database, ada: int, listening: list[SessionsEnded]
) -> None:
    phone, desk, tablet = [await sign_in(database, ada) for _ in range(3)]
    here = await who(database, desk)
    assert here is not None
    async with database.transaction() as tx:
        assert await end_other_sessions(tx, ada, keep=here.session_id) == 2
    assert await who(database, phone) is await who(database, tablet) is None
    assert await who(database, desk)
    (fact,) = listening
    assert len(fact.session_ids) == 2
    assert here.session_id not in fact.session_ids


async def test_everywhere_is_everywhere_and_only_hers(
    database: Database, ada: int, listening: list[SessionsEnded]
) -> None:
    async with database.transaction() as tx:
        ben = User(email="ben@example.com", email_key="ben@example.com", created_at=START)
        tx.add(ben)
        await tx.flush()
    theirs = await sign_in(database, ben.id)
    phone, desk = [await sign_in(database, ada) for _ in range(2)]
    async with database.transaction() as tx:
        assert await end_all_sessions(tx, ada) == 2
        assert await end_all_sessions(tx, ada) == 0
    assert await who(database, phone) is await who(database, desk) is None
    assert await who(database, theirs)
    assert len(listening) == 1, "nothing ended, nothing said"


async def test_nobody_ends_the_session_of_another(database: Database, ada: int) -> None:
    token = await sign_in(database, ada)
    here = await who(database, token)
    assert here is not None
    async with database.transaction() as tx:
        assert not await end_one_session(tx, ada + 1, here.session_id)
    assert await who(database, token)
    async with database.transaction() as tx:
        assert await end_one_session(tx, ada, here.session_id)
        assert not await is_signed_in(tx, here.session_id)
