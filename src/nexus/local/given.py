"""Do the servers we were given answer? Said at once, and not by a worker's stack trace later."""

from collections.abc import Callable
from contextlib import suppress

import psycopg
from alembic.util import CommandError
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from nexus.core.queue import open_queue
from nexus.local.errors import LocalError

CONNECT_SECONDS = 5


def check_database(url: str) -> None:
    """Connect once to the PostgreSQL at `url` (`postgresql+psycopg://...`)."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        psycopg.connect(plain, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as error:
        message = (
            f"DATABASE_URL {without_password(url)} does not answer: {first_line(error)}. "
            "Start that server or correct the variable; without it Nexus starts its own."
        )
        raise LocalError(message) from error


async def check_redis(url: str) -> None:
    """Ping the Redis at `url` once."""
    queue = open_queue(url)
    try:
        await queue.count("queued")
    except Exception as error:
        message = (
            f"REDIS_URL {without_password(url)} does not answer: {first_line(error)}. "
            "Start that server or correct the variable; without it Nexus starts its own."
        )
        raise LocalError(message) from error
    finally:
        # Letting go of a server that never answered fails as well, and says nothing new.
        with suppress(Exception):
            await queue.disconnect()


def bring_to_newest_shape(migrate: Callable[[str], None], url: str) -> None:
    """Run the migrations; what the database says against it becomes one sentence."""
    try:
        migrate(url)
    except (SQLAlchemyError, CommandError) as error:
        message = (
            f"The database {without_password(url)} could not be brought to its newest shape: "
            f"{first_line(error)}. Put that right, then start again."
        )
        raise LocalError(message) from error


def without_password(url: str) -> str:
    """Give the address the way it may be shown."""
    return make_url(url).render_as_string(hide_password=True)


def first_line(error: BaseException) -> str:
    """Give the first line of what an error says, without its full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
