"""Where does a replay write? Into a database of its own, made for it and dropped after it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from nexus.core.migrate import upgrade
from nexus.local.embedded import postgres_pid, prepare_folder, start_postgres, stop_postgres
from nexus.local.errors import LocalError
from nexus.local.given import bring_to_newest_shape, check_database, first_line


@asynccontextmanager
async def lend_database(server_url: str, folder: Path) -> AsyncIterator[str]:
    """Lend an empty, migrated database on the given server, or on the folder's own PostgreSQL.

    A server that ran already keeps running, and so does one that somebody else has come to use
    meanwhile: `nexus up`, or another replay. Raises LocalError with a sentence.
    """
    name = f"nexus_replay_{secrets.token_hex(6)}"
    stop = None
    if server_url:
        check_database(server_url)
    else:
        folder = prepare_folder(folder)
        if postgres_pid(folder) is None:
            stop = partial(stop_postgres, folder)
        server_url = start_postgres(folder, "postgres")
    try:
        url = _create(server_url, name)
        try:
            bring_to_newest_shape(upgrade, url)
            yield url
        finally:
            _drop(server_url, name)
    finally:
        if stop is not None and not _others_are_connected(server_url, name):
            stop()


def _create(server_url: str, name: str) -> str:
    """Make the database; what a crash would lose of a replay is not worth waiting for the disk."""
    _run(server_url, "CREATE DATABASE {}", name)
    _run(server_url, "ALTER DATABASE {} SET synchronous_commit = off", name)
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def _drop(server_url: str, name: str) -> None:
    """Drop the database, by force only if somebody is in it.

    Force is refused to anybody but a superuser while PostgreSQL itself happens to clean up in it;
    without force PostgreSQL sends its own cleaners away.
    """
    try:
        _run(server_url, "DROP DATABASE IF EXISTS {}", name)
    except LocalError as error:
        if not isinstance(error.__cause__, psycopg.errors.ObjectInUse):
            raise
        _run(server_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _others_are_connected(server_url: str, name: str) -> bool:
    others = (
        "SELECT FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND application_name <> %s"
    )
    try:
        with _connect(server_url, name) as connection:
            return connection.execute(others, [name]).fetchone() is not None
    except psycopg.Error:
        return False  # It does not answer, so nobody can be using it.


def _run(server_url: str, statement: str, name: str) -> None:
    try:
        with _connect(server_url, name) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    except psycopg.Error as error:
        message = (
            f"The replay cannot have a database of its own: {first_line(error)}. Let the user of"
            " DATABASE_URL create databases, or leave it empty: then Nexus starts its own server."
        )
        raise LocalError(message) from error


def _connect(server_url: str, name: str) -> psycopg.Connection[tuple[Any, ...]]:
    plain = make_url(server_url).set(drivername="postgresql")
    url = plain.render_as_string(hide_password=False)
    return psycopg.connect(url, autocommit=True, connect_timeout=5, application_name=name)
