"""Does the command line say what it can do, and everything that is wrong before it starts?"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nexus.core.migrate import newest_revision
from tests.databases import PostgresServer
from tests.local.run_replay import rows_of

COMMANDS = ("up", "web", "worker", "simulator", "migrate", "replay")


def nexus(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `nexus` with an environment in which nothing else is set."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "nexus.cli", *arguments],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command(option: str) -> None:
    told = nexus(option)
    assert (told.returncode, told.stderr) == (0, "")
    listed = [line.split()[0] for line in told.stdout.partition("Commands:")[2].split("\n  ")[1:]]
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    told = nexus(command, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("Usage: ")


def test_the_installed_program_is_this_one() -> None:
    program = Path(sys.executable).with_name("nexus")
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.strip().endswith("0.1.0")


@pytest.mark.parametrize("command", ["web", "worker", "migrate"])
def test_every_mistake_in_the_environment_is_said_at_once(command: str) -> None:
    told = nexus(command, TICK_SECONDS="900", LOG_LEVEL="loud", DATABASE_URL="mysql://x")
    assert (told.returncode, told.stdout) == (1, "")
    named = {line.partition(":")[0] for line in told.stderr.splitlines()}
    assert named == {"TICK_SECONDS", "LOG_LEVEL", "DATABASE_URL"}
    assert "900" in told.stderr


@pytest.mark.parametrize("command", ["web", "worker", "migrate"])
def test_without_settings_it_says_which_are_needed(command: str) -> None:
    told = nexus(command)
    assert (told.returncode, told.stdout) == (1, "")
    said = "DATABASE_URL: must be set, for example postgresql://localhost/nexus"
    assert said in told.stderr.splitlines()
    assert "Traceback" not in told.stderr


def test_an_unknown_command_is_refused() -> None:
    told = nexus("fly")
    assert told.returncode == 2
    assert "No such command 'fly'" in told.stderr


def test_migrate_says_in_a_sentence_that_the_database_is_away() -> None:
    told = nexus("migrate", DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    assert told.returncode == 1
    assert "does not answer" in told.stderr
    assert "Traceback" not in told.stderr
    assert "secret" not in told.stderr


def test_migrate_brings_an_empty_database_to_the_newest_shape(postgres: PostgresServer) -> None:
    postgres.create("migrated_by_hand")
    url = postgres.url("migrated_by_hand")
    for _ in range(2):
        told = nexus("migrate", DATABASE_URL=url)
        assert told.stdout == f"The database is at {newest_revision()}.\n"
    assert rows_of(url, "SELECT version_num FROM alembic_version") == [(newest_revision(),)]
    postgres.drop("migrated_by_hand")


@pytest.mark.parametrize("command", ["up", "web", "worker"])
def test_a_strategy_that_is_not_there_is_said_with_the_other_mistakes(
    command: str, tmp_path: Path
) -> None:
    wrong = "no.such:thing,nexus.strategy.trend:nothing"
    folder = ("--folder", str(tmp_path / "new")) if command == "up" else ()
    told = nexus(command, *folder, STRATEGIES=wrong, PAPER_FEE_BPS="-1")
    assert (told.returncode, told.stdout) == (1, "")
    assert "PAPER_FEE_BPS: " in told.stderr
    assert "STRATEGIES: no.such:thing cannot be loaded" in told.stderr
    assert "STRATEGIES: nexus.strategy.trend:nothing cannot be loaded" in told.stderr
    assert "Traceback" not in told.stderr
    assert not (tmp_path / "new").exists()


def test_a_replay_says_so_too_before_a_database_is_lent(tmp_path: Path) -> None:
    file = tmp_path / "candles.csv"
    file.write_text("open_time_ms,open,high,low,close,volume\n1577836800000,1,2,1,2,5\n")
    given = ("--candles", f"BTC/USDT={file}", "--timeframe", "1h", "--folder", str(tmp_path / "n"))
    told = nexus("replay", *given, STRATEGIES="no.such:thing", PAPER_FEE_BPS="-1")
    assert (told.returncode, told.stdout) == (1, "")
    named = [line.partition(":")[0] for line in told.stderr.splitlines()]
    assert named == ["PAPER_FEE_BPS", "STRATEGIES"]
    assert not (tmp_path / "n").exists()


def test_ctrl_c_while_it_still_imports_is_one_sentence(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("nexus")
    # Python names each module it has imported, so the signal comes in the midst of the others.
    starting = subprocess.Popen(
        [sys.executable, "-v", program, "up", "--folder", tmp_path / "new"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with starting:
        assert starting.stderr
        next(line for line in starting.stderr if line.startswith("import 'click'"))
        starting.send_signal(signal.SIGINT)
        told = [line for line in starting.stderr if not line.startswith(("import ", "# "))]
        assert starting.wait(30) == 130
    assert told[-1] == "Stopped before anything was started.\n"
    assert "Traceback" not in "".join(told)
    assert not (tmp_path / "new").exists()
