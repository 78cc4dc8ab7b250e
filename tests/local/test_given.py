"""Is a server that does not answer named, and its password not?"""

import pytest
from alembic.util import CommandError

from nexus.local.address import choose_address
from nexus.local.errors import LocalError
from nexus.local.given import bring_to_newest_shape, check_database, check_redis
from tests.databases import PostgresServer


async def test_servers_that_answer_pass(postgres: PostgresServer, redis_url: str) -> None:
    check_database(postgres.url("postgres"))
    await check_redis(redis_url)


async def test_servers_that_do_not_answer_are_named_without_their_password() -> None:
    port = choose_address("127.0.0.1", 0).port

    with pytest.raises(LocalError, match=r"DATABASE_URL .*does not answer") as database:
        check_database(f"postgresql+psycopg://alice:secret@127.0.0.1:{port}/nexus")
    with pytest.raises(LocalError, match=r"REDIS_URL .*does not answer") as redis:
        await check_redis(f"redis://:secret@127.0.0.1:{port}/0")

    assert "secret" not in str(database.value) + str(redis.value)
    assert str(port) in str(database.value)
    assert str(port) in str(redis.value)


def test_a_migration_that_fails_becomes_a_sentence() -> None:
    def migrate(url: str) -> None:
        message = f"cannot find the revision at {url}"
        raise CommandError(message)

    with pytest.raises(LocalError, match=r"could not be brought to its newest shape: cannot"):
        bring_to_newest_shape(migrate, "postgresql+psycopg://nexus@/nexus")
