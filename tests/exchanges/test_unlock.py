"""Are keys read for their accounts only, and gone once they are removed?"""

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, update

from nexus.core.db import Database
from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.models import ApiKey, ExchangeAccount
from nexus.exchanges.protocol import Account
from nexus.exchanges.unlock import KeyRing
from nexus.exchanges.vault import KeyPair
from nexus.settings import Settings
from tests.exchanges.conftest import make_person
from tests.exchanges.test_connect import connect


@pytest.fixture
async def two(database: Database, settings: Settings, alice: int) -> list[Account]:
    bob = await make_person(database, "bob@example.com")
    ids = [
        await connect(database, settings, person, KeyPair(f"key-{name}", f"secret-{name}"))
        for person, name in ((alice, "alice"), (bob, "bob"))
    ]
    return [Account(number, "binance", "default", 1) for number in ids]


async def test_each_account_gets_its_own_key(
    database: Database, settings: Settings, two: list[Account]
) -> None:
    locked = await KeyRing(database, settings).read(two)
    opened = [locked[account.id].open() for account in two]
    assert [(pair.key, pair.secret) for pair in opened] == [
        ("key-alice", "secret-alice"),
        ("key-bob", "secret-bob"),
    ]
    assert {lock.version for lock in locked.values()} == {1}


async def test_only_what_was_asked_for_is_read(
    database: Database, settings: Settings, two: list[Account]
) -> None:
    assert set(await KeyRing(database, settings).read(two[:1])) == {two[0].id}


async def test_a_removed_account_or_key_is_left_out_at_once(
    database: Database, settings: Settings, two: list[Account]
) -> None:
    ring = KeyRing(database, settings)
    assert len(await ring.read(two)) == 2
    async with database.transaction() as tx:
        await tx.execute(
            update(ExchangeAccount).where(ExchangeAccount.id == two[0].id).values(status="removed")
        )
        await tx.execute(delete(ApiKey).where(ApiKey.account_id == two[1].id))
    assert await ring.read(two) == {}


async def test_a_row_given_to_somebody_else_does_not_open(
    database: Database, settings: Settings, two: list[Account]
) -> None:
    mallory = await make_person(database, "mallory@example.com")
    async with database.transaction() as tx:
        await tx.execute(
            update(ExchangeAccount).where(ExchangeAccount.id == two[0].id).values(user_id=mallory)
        )
    locked = await KeyRing(database, settings).read(two)
    with pytest.raises(KeyLockedError):
        locked[two[0].id].open()
    assert locked[two[1].id].open().key == "key-bob"


async def test_without_the_encryption_key_there_is_no_fallback(
    database: Database, settings: Settings, two: list[Account]
) -> None:
    keyless = Settings(key_encryption_key=SecretStr(""))
    with pytest.raises(KeyLockedError, match="KEY_ENCRYPTION_KEY"):
        await KeyRing(database, keyless).read(two)
    assert settings.key_encryption_key.get_secret_value()
