"""Does an operator's command find the database of a running `nexus up`, and only that?"""

import subprocess
import sys
from pathlib import Path

import pytest

from nexus.local.beside import environment_beside
from nexus.local.embedded import start_postgres, stop_postgres
from nexus.local.remember import remembered_secrets


def test_it_finds_what_runs_and_nothing_else(folder: Path) -> None:
    assert environment_beside({}, folder) == {}, "nothing runs yet"
    url = start_postgres(folder)
    secrets = remembered_secrets(folder)
    assert environment_beside({}, folder) == {"DATABASE_URL": url, **secrets}
    given = {"SESSION_SECRET": "mine", "DATABASE_URL": ""}
    assert "SESSION_SECRET" not in environment_beside(given, folder), "what was set stays"
    assert environment_beside({"DATABASE_URL": "postgresql://x/y"}, folder) == {}
    assert environment_beside({"ENVIRONMENT": "production"}, folder) == {}
    stop_postgres(folder)
    assert environment_beside({}, folder) == {}


@pytest.mark.parametrize("command", [["admin", "list"], ["keys", "status"], ["audit", "verify"]])
def test_a_command_beside_it_needs_no_variable(folder: Path, command: list[str]) -> None:
    start_postgres(folder)
    nexus = [sys.executable, "-m", "nexus.cli", *command]
    told = subprocess.run(
        nexus, cwd=folder.parent, env={}, capture_output=True, text=True, check=False, timeout=60
    )
    assert "lacks our tables" in told.stderr, "it has reached the database, which is empty"
    stop_postgres(folder)
    told = subprocess.run(
        nexus, cwd=folder.parent, env={}, capture_output=True, text=True, check=False, timeout=60
    )
    assert told.returncode == 1
    assert "DATABASE_URL is not set, and no Nexus runs from .nexus" in told.stderr
