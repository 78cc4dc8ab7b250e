"""Is a code from the app right once, for about a minute, and never again?"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import update

from nexus.accounts.models import TotpSecret
from nexus.accounts.register import create_user
from nexus.accounts.totp import confirm_totp, offer_totp, remove_totp, use_totp
from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from tests.accounts.people import ADA, OURS, offered_secret

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEP = timedelta(seconds=30)


@pytest.fixture
def clock() -> Iterator[SetClock]:
    clock = SetClock(START)
    with use(clock):
        yield clock


@pytest.fixture
async def ada(database: Database) -> int:
    async with database.transaction() as tx:
        return await create_user(tx, ADA, "correct horse battery", "Ada")


async def offer(database: Database, person: int) -> str | None:
    async with database.transaction() as tx:
        offered = await offer_totp(tx, OURS, person, ADA)
    return offered.secret if offered else None


async def confirm(database: Database, person: int, code: str) -> bool:
    async with database.transaction() as tx:
        return await confirm_totp(tx, OURS, person, code)


async def check(database: Database, person: int, code: str) -> bool:
    async with database.transaction() as tx:
        return await use_totp(tx, OURS, person, code)


async def add_app(database: Database, person: int, clock: SetClock) -> pyotp.TOTP:
    app = pyotp.TOTP(await offer(database, person) or "")
    assert await confirm(database, person, app.at(clock.at))
    clock.at += 10 * STEP
    return app


async def test_the_secret_is_160_bits_and_stored_sealed(
    database: Database, ada: int, clock: SetClock
) -> None:
    secret = await offer(database, ada)
    assert secret
    assert len(secret) == 32
    async with database.transaction() as tx:
        assert secret.encode() not in (await tx.get_one(TotpSecret, ada)).sealed
    async with database.transaction() as tx:
        offered = await offer_totp(tx, OURS, ada, ADA)
    assert offered
    assert offered.groups.replace(" ", "") == secret
    read = pyotp.parse_uri(offered.address)
    assert isinstance(read, pyotp.TOTP)
    assert read.at(clock.at) == pyotp.TOTP(secret).at(clock.at)
    assert (read.issuer, read.name) == ("Nexus", ADA)
    assert secret not in repr(offered)


async def test_opening_the_page_again_offers_the_same_secret_for_an_hour(
    database: Database, ada: int, clock: SetClock
) -> None:
    first = await offer(database, ada)
    clock.at += timedelta(minutes=59)
    assert await offer(database, ada) == first
    clock.at += timedelta(minutes=2)
    assert await offer(database, ada) != first


async def test_only_the_right_code_makes_it_a_factor(
    database: Database, ada: int, clock: SetClock
) -> None:
    app = pyotp.TOTP(await offer(database, ada) or "")
    wrong = f"{(int(app.at(clock.at)) + 1) % 1_000_000:06}"
    assert not await confirm(database, ada, wrong)
    assert not await check(database, ada, app.at(clock.at)), "it is no factor yet"
    assert await confirm(database, ada, app.at(clock.at))
    assert await offer(database, ada) is None, "an app that works is never replaced unasked"
    assert (await offered_secret(database, ada)).secret == app.secret


async def test_the_code_that_confirmed_it_is_used_up(
    database: Database, ada: int, clock: SetClock
) -> None:
    app = pyotp.TOTP(await offer(database, ada) or "")
    await confirm(database, ada, app.at(clock.at))
    assert not await check(database, ada, app.at(clock.at))
    assert await check(database, ada, app.at(clock.at + STEP))


async def test_a_code_counts_once(database: Database, ada: int, clock: SetClock) -> None:
    app = await add_app(database, ada, clock)
    code = app.at(clock.at)
    assert await check(database, ada, code)
    assert not await check(database, ada, code)
    assert not await check(database, ada, app.at(clock.at - STEP)), "nor does an older one"
    clock.at += STEP
    assert not await check(database, ada, code)
    assert await check(database, ada, app.at(clock.at))


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_a_clock_may_be_half_a_minute_off(
    database: Database, ada: int, clock: SetClock, steps: int, *, right: bool
) -> None:
    app = await add_app(database, ada, clock)
    assert await check(database, ada, app.at(clock.at + steps * STEP)) is right


async def test_of_two_requests_with_one_code_exactly_one_is_right(
    database: Database, ada: int, clock: SetClock
) -> None:
    app = await add_app(database, ada, clock)
    code = app.at(clock.at)
    answers = await asyncio.gather(*(check(database, ada, code) for _ in range(6)))
    assert sorted(answers) == [False] * 5 + [True]


async def test_one_that_read_before_and_writes_after_is_refused(
    database: Database, ada: int, clock: SetClock
) -> None:
    """The same race without luck: the second reads while the first has not committed."""
    app = await add_app(database, ada, clock)
    code = app.at(clock.at)
    async with database.transaction() as first:
        assert await use_totp(first, OURS, ada, code)
        second = asyncio.create_task(check(database, ada, code))
        while not await _waits_for_a_lock(database):
            pass  # Each look asks the database, so the other task has its turn.
    assert not await second


async def _waits_for_a_lock(database: Database) -> bool:
    async with database.engine.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(found.scalar_one())


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\n6x", "-1"])
async def test_what_is_no_code_is_wrong(
    database: Database, ada: int, clock: SetClock, typed: str
) -> None:
    await add_app(database, ada, clock)
    assert not await check(database, ada, typed)


async def test_a_code_may_be_written_with_a_space(
    database: Database, ada: int, clock: SetClock
) -> None:
    app = await add_app(database, ada, clock)
    code = app.at(clock.at)
    assert await check(database, ada, f" {code[:3]} {code[3:]} ")


async def test_a_row_of_somebody_else_does_not_open(
    database: Database, ada: int, clock: SetClock
) -> None:
    app = await add_app(database, ada, clock)
    async with database.transaction() as tx:
        bob = await create_user(tx, "bob@example.com", "correct horse battery", "")
    async with database.transaction() as tx:
        await tx.execute(update(TotpSecret).values(user_id=bob))
    assert not await check(database, bob, app.at(clock.at))


async def test_it_can_be_removed(database: Database, ada: int, clock: SetClock) -> None:
    app = await add_app(database, ada, clock)
    async with database.transaction() as tx:
        assert await remove_totp(tx, ada)
    async with database.transaction() as tx:
        assert not await remove_totp(tx, ada)
    assert not await check(database, ada, app.at(clock.at))
