"""Does every test get databases of its own? Otherwise one test's rows decide another's result."""

import redis
from sqlalchemy import text

from nexus.core.db import Database
from nexus.core.migrate import current_revision, newest_revision
from tests.databases import Template, flush


async def test_a_copy_is_migrated_and_nobody_elses(migrated_template: Template) -> None:
    with migrated_template.copy() as first, migrated_template.copy() as second:
        assert first != second
        assert current_revision(first) == current_revision(second) == newest_revision()
        await _write_note(first)
        assert await _tables_called_note(first) == 1
        assert await _tables_called_note(second) == 0


def test_flushing_empties_every_redis_database(redis_server_url: str) -> None:
    for number in (0, 1):
        with redis.Redis.from_url(f"{redis_server_url}/{number}") as client:
            client.set("left", "behind")
    flush(redis_server_url)
    for number in (0, 1):
        with redis.Redis.from_url(f"{redis_server_url}/{number}") as client:
            assert client.dbsize() == 0


async def _write_note(url: str) -> None:
    database = Database(url)
    async with database.transaction() as tx:
        await tx.execute(text("CREATE TABLE note (id integer)"))
    await database.close()


async def _tables_called_note(url: str) -> int:
    database = Database(url)
    async with database.transaction() as tx:
        found = await tx.scalar(text("SELECT count(*) FROM pg_tables WHERE tablename = 'note'"))
    await database.close()
    return int(found or 0)
