"""Is a database lent whole, and taken back whatever happens?"""

from pathlib import Path

import psycopg
import pytest

from nexus.core.migrate import newest_revision
from nexus.local.embedded import postgres_pid, start_postgres
from nexus.local.errors import LocalError
from nexus.local.lent import lend_database
from tests.databases import PostgresServer
from tests.local.run_replay import replay_databases, rows_of

REVISION = "SELECT version_num FROM alembic_version"


@pytest.fixture
def server_url(postgres: PostgresServer) -> str:
    return postgres.url("postgres")


async def test_it_is_empty_migrated_and_dropped_afterwards(server_url: str, tmp_path: Path) -> None:
    async with lend_database(server_url, tmp_path) as url:
        assert rows_of(url, REVISION) == [(newest_revision(),)]
        assert rows_of(url, "SELECT count(*) FROM users") == [(0,)]
        assert len(replay_databases(server_url)) == 1
    assert replay_databases(server_url) == []


async def test_it_is_dropped_although_somebody_is_still_connected(
    server_url: str, tmp_path: Path
) -> None:
    async with lend_database(server_url, tmp_path) as url:
        left_open = psycopg.connect(url.replace("+psycopg", ""))
    left_open.close()
    assert replay_databases(server_url) == []


async def test_it_is_dropped_after_a_failure(server_url: str, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with lend_database(server_url, tmp_path):
            raise ZeroDivisionError
    assert replay_databases(server_url) == []


async def test_two_replays_do_not_meet(server_url: str, tmp_path: Path) -> None:
    async with lend_database(server_url, tmp_path) as one:
        async with lend_database(server_url, tmp_path) as other:
            assert one != other
        assert rows_of(one, REVISION) == [(newest_revision(),)]


async def test_a_user_who_may_not_create_databases_is_told(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    narrow = postgres.admin_url.set(username="narrow", database="postgres")
    with psycopg.connect(postgres.libpq_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE narrow LOGIN")
        with pytest.raises(
            LocalError, match=r"permission denied to create database\. Let the user"
        ):
            async with lend_database(narrow.render_as_string(hide_password=False), tmp_path):
                pass
        admin.execute("DROP ROLE narrow")


async def test_a_server_it_started_is_stopped(folder: Path) -> None:
    async with lend_database("", folder):
        assert postgres_pid(folder) is not None
    assert postgres_pid(folder) is None


async def test_a_server_that_ran_before_keeps_running(folder: Path) -> None:
    url = start_postgres(folder)
    pid = postgres_pid(folder)
    async with lend_database("", folder):
        pass
    assert postgres_pid(folder) == pid
    assert replay_databases(url) == []


async def test_a_server_that_others_came_to_use_keeps_running(folder: Path) -> None:
    async with lend_database("", folder):
        # As `nexus up` does when it is started in the same folder meanwhile.
        url = start_postgres(folder)
        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    assert postgres_pid(folder) is not None
    connection.execute("SELECT 1")
    connection.close()
