"""Is the database's shape the one this code expects? Runs and checks the Alembic migrations."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncConnection

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
GRANTS = MIGRATIONS / "grants.sql"


def alembic_config(url: str) -> Config:
    """Give Alembic's configuration for `url`; there is no ini file to drift from Settings."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Bring the database at `url` (`postgresql+psycopg://...`) to the newest shape."""
    command.upgrade(alembic_config(url), "head")
    _grant(url)


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`."""
    command.downgrade(alembic_config(url), revision)


def _grant(url: str) -> None:
    """Say who may do what in the newest shape, for those of the roles that exist."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(GRANTS.read_text())
    finally:
        engine.dispose()


def newest_revision() -> str | None:
    """Name the revision this code expects."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def current_revision(url: str) -> str | None:
    """Name the revision the database at `url` is at."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


async def is_current(connection: AsyncConnection) -> bool:
    """Say whether the connected database has the newest shape."""
    found = await connection.run_sync(
        lambda sync: MigrationContext.configure(sync).get_current_revision()
    )
    return found == newest_revision()
