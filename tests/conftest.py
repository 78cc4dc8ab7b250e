"""What may every test ask for? Its own migrated database and an empty Redis, both real."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from nexus.core.db import Database
from nexus.core.migrate import upgrade
from tests.databases import (
    PostgresServer,
    Template,
    flush,
    postgres_server,
    redis_server,
    template_database,
)

NOW = "PYTEST_CURRENT_TEST"


@pytest.fixture(autouse=True)
def _same_environment() -> Iterator[None]:
    """Fail a test that leaves the environment changed: the next one would read other settings."""
    before = {name: value for name, value in os.environ.items() if name != NOW}
    yield
    assert {name: value for name, value in os.environ.items() if name != NOW} == before


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres: PostgresServer) -> Iterator[Template]:
    with template_database(postgres, upgrade) as template:
        yield template


@pytest.fixture
def database_url(migrated_template: Template) -> Iterator[str]:
    """Lend a migrated database of this test's own: a `postgresql+psycopg://` URL."""
    with migrated_template.copy() as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open this test's own database."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """Lend an empty Redis: the URL of its database 0."""
    flush(redis_server_url)
    return f"{redis_server_url}/0"
