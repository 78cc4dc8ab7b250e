"""How do these tests run `nexus replay`? As a user does: as a process, seen from outside."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.local.recordings import LIVELY


def command(files: Mapping[str, Path], *options: str, timeframe: str = "1h") -> list[str]:
    """Write the command line that replays `files`, by symbol."""
    given = [f"--candles={symbol}={path}" for symbol, path in files.items()]
    nexus = [sys.executable, "-m", "nexus.cli", "replay"]
    return [*nexus, *given, f"--timeframe={timeframe}", *options]


def environment(**variables: str) -> dict[str, str]:
    """Give an environment with nothing of the machine's own settings in it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, **LIVELY, **variables}


@dataclass(frozen=True)
class Finished:
    """One `nexus replay` that has ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """What `--json` printed: one line, one object."""
        assert (self.code, self.err) == (0, ""), self.err
        [line] = self.out.splitlines()
        report: dict[str, Any] = json.loads(line)
        return report

    @property
    def sentence(self) -> str:
        """What it said when it refused: one sentence on stderr, and nothing else."""
        assert (self.code, self.out) == (1, "")
        [line] = self.err.splitlines()
        return line


def run(files: Mapping[str, Path], *options: str, **variables: str) -> Finished:
    """Replay to the end; `DATABASE_URL` is the one variable that is always wanted."""
    done = subprocess.run(
        command(files, *options),
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def rows_of(url: str, query: str) -> list[tuple[Any, ...]]:
    """Ask a database directly."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(query).fetchall()


def replay_databases(url: str) -> list[str]:
    """List the databases that replays have made on a server and not dropped."""
    names = rows_of(url, "SELECT datname FROM pg_database WHERE datname LIKE 'nexus_replay_%'")
    return [name for (name,) in names]
