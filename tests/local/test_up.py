"""Does all of Nexus come up with one command, and leave nothing when it goes?"""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from nexus.local.embedded import postgres_pid, redis_pid, start_postgres, start_redis
from nexus.local.place import elsewhere
from nexus.local.servers import is_alive
from nexus.local.up import Options, run
from tests.local.conftest import as_root, home, wait_until
from tests.local.run_up import PARTS

RUN_UP = Path(__file__).with_name("run_up.py")
ROOT = RUN_UP.parents[2]

FROM_OUTSIDE = {"DATABASE_URL", "REDIS_URL", "EXCHANGE_URL", "MARKET_URL", "BASE_URL", "PORT"}


@dataclass
class Running:
    """One `nexus up` and what can be seen of it from outside."""

    process: subprocess.Popen[str]
    folder: Path
    notes: Path
    output: Path

    @property
    def text(self) -> str:
        return self.output.read_text()

    def until_ready(self) -> dict[str, str]:
        """Wait for the ready file and give what it says."""
        path = self.folder / "ready.json"
        wait_until(lambda: path.exists() or self.process.poll() is not None)
        assert path.exists(), self.text
        ready: dict[str, str] = json.loads(path.read_text())
        return ready

    def ends(self) -> int:
        """Wait for the end and give the exit code; there is never a stack trace."""
        code = self.process.wait(15)
        assert "Traceback" not in self.text
        return code

    def seen_by(self, name: str) -> list[dict[str, Any]]:
        """Give what each child called `name` wrote down about itself."""
        return [json.loads(path.read_text()) for path in sorted(self.notes.glob(f"{name}*"))]

    def pids(self) -> list[int]:
        """Give the id of every process there is because of this run."""
        servers = (postgres_pid(self.folder), redis_pid(self.folder))
        return [pid for seen in self.seen_by("") for pid in seen["pids"]] + [
            pid for pid in servers if pid is not None
        ]


Start = Callable[..., Running]
Refused = Callable[..., str]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `nexus up` in one folder; end what is left of it after the test."""
    started: list[Running] = []

    def start(port: int = 0, workers: int = 1, mode: int = 0o755, **variables: str) -> Running:
        path.parent.chmod(mode)
        notes = Path(tempfile.mkdtemp(dir=path.parent))
        output = notes.with_suffix(".txt")
        environment = {
            **{name: value for name, value in os.environ.items() if name not in FROM_OUTSIDE},
            **variables,
            "PYTHONPATH": f"{ROOT}:{ROOT}/src:{os.environ.get('PYTHONPATH', '')}",
            "STANDIN_FOLDER": str(notes),
        }
        with output.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, str(RUN_UP), str(path), str(port), str(workers)],
                env=environment,
                stdout=file,
                stderr=file,
                text=True,
                start_new_session=True,
            )
        started.append(Running(process, path, notes, output))
        return started[-1]

    with home() as path:
        yield start
        for running in started:
            running.process.kill()
            running.process.wait()


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Refused]:
    """Run `nexus up`, which must refuse; give its sentence. Nothing may have been started."""

    def refuse(port: int, **variables: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert run(Options(path, None, port), PARTS) == 1
        assert not path.exists()
        seen = capsys.readouterr()
        assert seen.out == ""
        return seen.err

    # It completes its own environment before it looks at anything else.
    with patch.dict(os.environ), home() as path:
        yield refuse


def test_one_command_brings_everything_up_and_ctrl_c_takes_it_down(start: Start) -> None:
    running = start(workers=2)
    ready = running.until_ready()

    assert stat.S_IMODE((running.folder / "ready.json").stat().st_mode) == 0o600
    assert set(ready) == {"url", "email", "password", "simulator_url"}
    assert ready["email"] == "demo@example.com"
    [web] = running.seen_by("web")
    [simulator] = running.seen_by("simulator")
    workers = running.seen_by("worker")
    assert len(workers) == 2
    assert web["BASE_URL"] == ready["url"] == f"http://localhost:{web['PORT']}"
    assert web["EXCHANGE_URL"] == web["MARKET_URL"] == ready["simulator_url"]
    assert web["TICK_SECONDS"] == "5"
    for name in ("SESSION_SECRET", "REDIS_URL"):
        assert web[name] == workers[0][name] != ""
    # Each with its own rights, and only workers with what opens exchange keys.
    assert "//nexus_web@" in web["DATABASE_URL"]
    assert "//nexus_worker@" in workers[0]["DATABASE_URL"]
    assert web["KEY_ENCRYPTION_KEY"] is simulator["KEY_ENCRYPTION_KEY"] is None
    assert workers[0]["KEY_ENCRYPTION_KEY"]
    assert simulator["arguments"][-2:] == ["--state", str(running.folder / "simulator.jsonl")]
    pids = running.pids()
    assert len(pids) == 6
    assert all(is_alive(pid) for pid in pids)

    # A terminal sends Ctrl-C to the whole group: only `nexus up` may hear it.
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.ends() == 0
    assert not any(is_alive(pid) for pid in pids)
    assert not (running.folder / "ready.json").exists()
    lines = running.text.splitlines()
    sign_in = f"Nexus is ready at {ready['url']} - sign in with {ready['email']} and "
    assert sign_in + ready["password"] in lines
    assert "      web | web is here" in lines
    assert lines[-1] == "Stopped."


def test_a_killed_run_leaves_its_servers_and_the_next_one_attaches(start: Start) -> None:
    killed = start()
    before = killed.until_ready()
    children = [pid for seen in killed.seen_by("") for pid in seen["pids"]]
    servers = (postgres_pid(killed.folder), redis_pid(killed.folder))
    killed.process.kill()
    killed.process.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in children))
    (killed.folder / "ready.json").unlink()

    running = start()
    after = running.until_ready()

    assert (postgres_pid(running.folder), redis_pid(running.folder)) == servers
    assert after["password"] == before["password"]
    assert after["simulator_url"] == before["simulator_url"]
    running.process.send_signal(signal.SIGTERM)
    assert running.ends() == 0
    assert not any(is_alive(pid) for pid in running.pids())


def test_a_second_run_in_the_same_folder_is_refused(start: Start) -> None:
    first = start()
    ready = first.until_ready()

    second = start()

    assert second.ends() == 1
    assert f"Nexus already runs from {first.folder} at {ready['url']}" in second.text
    assert len(second.text.splitlines()) == 1
    assert first.process.poll() is None
    assert (first.folder / "ready.json").exists()


def test_a_port_that_our_own_run_has_is_not_another_programs(start: Start) -> None:
    first = start()
    ready = first.until_ready()

    second = start(port=int(ready["url"].rpartition(":")[2]))

    assert second.ends() == 1
    assert f"Nexus already runs from {first.folder} at {ready['url']}" in second.text


def test_a_taken_port_is_refused_before_anything_starts(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 is taken by another program." in refused(port)


def test_a_port_taken_meanwhile_is_not_called_ready(start: Start) -> None:
    """Whatever answers there would pass for ours."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = start(port=port, STANDIN_SLOW_DEMO="1")
    wait_until(lambda: "the demo takes long" in running.text)
    with socket.create_server(("127.0.0.1", port)):
        assert running.ends() == 1
    assert f"Port {port} on 127.0.0.1 is taken by another program." in running.text
    assert "Nexus is ready" not in running.text


@pytest.mark.parametrize("name", ["simulator", "worker", "web"])
def test_a_child_that_dies_brings_all_down(start: Start, name: str) -> None:
    running = start(**{f"STANDIN_{name.upper()}": "dies"})

    assert running.ends() == 1
    assert f"The {name} process ended by itself with exit code 3" in running.text
    assert running.text.splitlines()[-1] == f"    {name} is here"
    assert not any(is_alive(pid) for pid in running.pids())


def test_a_database_that_dies_brings_all_down(start: Start) -> None:
    running = start()
    running.until_ready()
    pid = redis_pid(running.folder)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    assert running.ends() == 1
    assert "Valkey ended by itself, so everything was stopped." in running.text
    assert not any(is_alive(pid) for pid in running.pids())


def test_a_second_ctrl_c_kills_at_once(start: Start) -> None:
    running = start(STANDIN_WEB="stubborn")
    running.until_ready()
    pids = running.pids()
    assert len(pids) == 6

    running.process.send_signal(signal.SIGINT)
    wait_until(lambda: "Press Ctrl-C again" in running.text)
    running.process.send_signal(signal.SIGINT)

    running.process.wait(2)
    assert running.ends() == 0
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_ctrl_c_while_it_starts_leaves_nothing(start: Start) -> None:
    running = start(STANDIN_SLOW_DEMO="1")
    wait_until(lambda: "the demo takes long" in running.text)
    pids = running.pids()
    assert len(pids) == 3

    running.process.send_signal(signal.SIGINT)

    assert running.ends() == 0
    assert not any(is_alive(pid) for pid in pids)
    assert "Nexus is ready" not in running.text


def test_ctrl_c_while_the_database_starts_leaves_no_database(start: Start) -> None:
    running = start()
    wait_until(lambda: "Starting PostgreSQL" in running.text)

    running.process.send_signal(signal.SIGINT)

    assert running.ends() == 0
    assert running.pids() == []


@as_root
def test_root_is_told_that_the_data_lies_outside_a_private_folder(start: Start) -> None:
    running = start(mode=0o700)
    running.until_ready()

    outer = running.folder.parent
    data = elsewhere(running.folder) / "postgres"
    assert f"{outer} is private, so the database lies in {data}." in running.text
    assert stat.S_IMODE(outer.stat().st_mode) == 0o700


def test_given_servers_are_used_and_left_running(start: Start, folder: Path) -> None:
    database_url, redis_url = start_postgres(folder, "given"), start_redis(folder)

    running = start(DATABASE_URL=database_url, REDIS_URL=redis_url)
    running.until_ready()

    [web] = running.seen_by("web")
    assert (web["DATABASE_URL"], web["REDIS_URL"]) == (database_url, redis_url)
    assert postgres_pid(running.folder) is None
    assert redis_pid(running.folder) is None
    running.process.send_signal(signal.SIGINT)
    assert running.ends() == 0
    assert postgres_pid(folder) is not None
    assert redis_pid(folder) is not None


def test_a_given_database_that_does_not_answer_is_named(start: Start) -> None:
    running = start(DATABASE_URL="postgresql://alice:secret@127.0.0.1:1/nexus")

    assert running.ends() == 1
    assert "DATABASE_URL postgresql+psycopg://alice:***@127.0.0.1:1/nexus does" in running.text


def test_every_wrong_setting_is_named_and_nothing_starts(refused: Refused) -> None:
    text = refused(0, TICK_SECONDS="900", LOG_LEVEL="loud")

    assert "TICK_SECONDS" in text
    assert "LOG_LEVEL" in text


def test_it_is_not_for_production(refused: Refused) -> None:
    assert "is not for production" in refused(0, ENVIRONMENT="production")
