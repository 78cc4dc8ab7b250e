"""Do the migrations make exactly the tables that the code declares, and go back again?"""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from nexus.core.db import Table
from nexus.core.migrate import current_revision, downgrade, newest_revision, upgrade
from tests.databases import PostgresServer


@pytest.fixture
def empty_url(postgres: PostgresServer) -> Iterator[str]:
    postgres.create("nexus_empty")
    yield postgres.url("nexus_empty")
    postgres.drop("nexus_empty")


def test_the_migrated_tables_are_the_declared_ones(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    engine.dispose()
    assert differences == []


def test_the_newest_shape_is_reached_and_can_be_left_again(empty_url: str) -> None:
    assert current_revision(empty_url) is None
    upgrade(empty_url)
    assert current_revision(empty_url) == newest_revision()
    upgrade(empty_url)
    downgrade(empty_url, "base")
    assert current_revision(empty_url) is None
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        left = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
    engine.dispose()
    assert list(left) == ["alembic_version"]
