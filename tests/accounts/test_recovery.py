"""Does each recovery code work once, for its owner only?"""

import asyncio
import re

import pytest
from sqlalchemy import select

from nexus.accounts.models import RecoveryCode
from nexus.accounts.recovery import (
    count_recovery_codes,
    make_recovery_codes,
    use_recovery_code,
)
from nexus.accounts.register import create_user
from nexus.core.db import Database


@pytest.fixture
async def ada(database: Database) -> int:
    async with database.transaction() as tx:
        return await create_user(tx, "ada@example.com", "correct horse battery", "Ada")


async def make(database: Database, person: int) -> list[str]:
    async with database.transaction() as tx:
        return await make_recovery_codes(tx, person)


async def use(database: Database, person: int, code: str) -> bool:
    async with database.transaction() as tx:
        return await use_recovery_code(tx, person, code)


async def left(database: Database, person: int) -> int:
    async with database.transaction() as tx:
        return await count_recovery_codes(tx, person)


async def test_ten_codes_are_shown_and_not_stored(database: Database, ada: int) -> None:
    codes = await make(database, ada)
    assert len(set(codes)) == 10
    for code in codes:
        assert re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){5}", code)
    async with database.transaction() as tx:
        stored = (await tx.scalars(select(RecoveryCode.code_sha256))).all()
    assert {len(digest) for digest in stored} == {32}
    text = b"".join(stored)
    assert not any(code.replace("-", "").encode() in text for code in codes)


async def test_a_code_has_more_bits_than_a_plain_hash_needs(database: Database, ada: int) -> None:
    letters = (await make(database, ada))[0].replace("-", "")
    assert len(letters) * 5 >= 112


async def test_each_works_once(database: Database, ada: int) -> None:
    codes = await make(database, ada)
    assert await use(database, ada, codes[3])
    assert not await use(database, ada, codes[3])
    assert await left(database, ada) == 9
    assert await use(database, ada, codes[4])


@pytest.mark.parametrize("write", [str.lower, lambda code: code.replace("-", " "), " {} ".format])
async def test_it_may_be_written_as_people_write(
    database: Database, ada: int, write: "type[str]"
) -> None:
    codes = await make(database, ada)
    assert await use(database, ada, write(codes[0]))


async def test_of_two_requests_with_one_code_exactly_one_is_right(
    database: Database, ada: int
) -> None:
    codes = await make(database, ada)
    answers = await asyncio.gather(*(use(database, ada, codes[0]) for _ in range(6)))
    assert sorted(answers) == [False] * 5 + [True]


async def test_new_codes_void_the_old(database: Database, ada: int) -> None:
    old = await make(database, ada)
    await use(database, ada, old[0])
    new = await make(database, ada)
    assert await left(database, ada) == 10
    assert not await use(database, ada, old[1])
    assert await use(database, ada, new[1])


async def test_it_is_the_owners_only(database: Database, ada: int) -> None:
    async with database.transaction() as tx:
        bob = await create_user(tx, "bob@example.com", "correct horse battery", "")
    codes = await make(database, ada)
    assert not await use(database, bob, codes[0])
    assert await left(database, ada) == 10


@pytest.mark.parametrize(
    "typed", ["", "A" * 23, "A" * 25, "1" * 24, "é" * 24, "' OR 1=1 --             "]
)
async def test_what_is_no_code_is_wrong(database: Database, ada: int, typed: str) -> None:
    await make(database, ada)
    assert not await use(database, ada, typed)
