"""Who can be made, and who is told what to change?"""

import pytest
from sqlalchemy import select

from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.models import User
from nexus.accounts.register import create_user
from nexus.core.db import Database
from tests.website import PASSWORD


async def test_a_person_is_made_with_a_hash_and_no_password(database: Database) -> None:
    async with database.transaction() as tx:
        user_id = await create_user(tx, " Ada@Example.com ", PASSWORD, "Ada")
    async with database.transaction() as tx:
        user = await tx.get_one(User, user_id)
    assert (user.email, user.email_key) == ("Ada@Example.com", "ada@example.com")
    assert user.display_name == "Ada"
    assert (user.password_hash or "").startswith("$argon2id$")
    assert user.disabled_at is None


async def test_one_address_is_one_person(database: Database) -> None:
    async with database.transaction() as tx:
        await create_user(tx, "ada@example.com", PASSWORD, "Ada")
    async with database.transaction() as tx:
        with pytest.raises(AccountRefusedError, match="has an account already") as refused:
            await create_user(tx, "ADA@example.com", PASSWORD, "Another")
    assert refused.value.field == "email"
    async with database.transaction() as tx:
        assert len((await tx.scalars(select(User))).all()) == 1


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "a b@example.com",
        "ada@example.com\x00",
        "ada@exa\nmple.com",
        '"><script>alert(1)</script>@example.com',
    ],
)
async def test_what_is_no_address_is_refused(database: Database, email: str) -> None:
    async with database.transaction() as tx:
        with pytest.raises(AccountRefusedError, match=r"like ada@example\.com"):
            await create_user(tx, email, PASSWORD, "")


async def test_an_address_that_is_too_long_is_told_so(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(AccountRefusedError, match="at most 254 characters"):
            await create_user(tx, "x" * 250 + "@example.com", PASSWORD, "")


@pytest.mark.parametrize("name", ["x" * 81, "Ada\x00", "Ada\u202elevE"])
async def test_a_name_that_cannot_be_shown_is_refused(database: Database, name: str) -> None:
    async with database.transaction() as tx:
        with pytest.raises(AccountRefusedError, match="at most 80") as refused:
            await create_user(tx, "ada@example.com", PASSWORD, name)
    assert refused.value.field == "display_name"
