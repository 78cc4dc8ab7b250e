"""How do the journeys get a real product? They start `nexus up`, and stop it as Ctrl-C does."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from nexus.local.embedded import postgres_pid, redis_pid
from nexus.settings import Settings

FEWEST_PROCESSES = 6
"""`nexus up` itself, exchange, worker, pages, PostgreSQL and Valkey."""
READY_SECONDS = 120
STOP_SECONDS = 30


@dataclass(frozen=True)
class Product:
    """A running Nexus, and the demo login."""

    url: str
    email: str
    password: str
    home: Path
    """The folder it keeps its data in."""


@contextmanager
def running_product() -> Iterator[Product]:
    """Start everything in a new folder; afterwards stop it, and insist that nothing is left.

    The folder is open to others, so that root's PostgreSQL, which runs as somebody else, has its
    data in there too and not in a place that would outlive the journeys.
    """
    folder = Path(tempfile.mkdtemp(prefix="nexus-e2e-"))
    folder.chmod(0o755)
    try:
        with _up(folder) as product:
            yield product
    finally:
        shutil.rmtree(folder)


@contextmanager
def _up(folder: Path) -> Iterator[Product]:
    log = folder / "up.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "nexus.cli", "up", "--port", "0"],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
    running = []
    try:
        yield _wait_until_ready(process, folder, log)
    finally:
        running = _processes(process.pid, folder / ".nexus")
        process.send_signal(signal.SIGINT)
        code = process.wait(STOP_SECONDS)
        _, left = psutil.wait_procs(running, timeout=2)
        for survivor in left:
            survivor.kill()
    assert len(running) >= FEWEST_PROCESSES, "they were not all found, so this proves nothing"
    assert (code, left) == (0, []), f"Ctrl-C left {left} and exit code {code}: {log.read_text()}"
    assert "Traceback" not in log.read_text(), log.read_text()


def _environment() -> dict[str, str]:
    """Give the product what a newcomer has: nothing of its own is set."""
    ours = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _wait_until_ready(process: "subprocess.Popen[bytes]", folder: Path, log: Path) -> Product:
    ready = folder / ".nexus" / "ready.json"
    until = time.monotonic() + READY_SECONDS
    while not ready.exists():
        assert process.poll() is None, f"nexus up ended by itself: {log.read_text()}"
        assert time.monotonic() < until, f"nexus up is not ready: {log.read_text()}"
        time.sleep(0.2)  # Polling a file with a deadline, not guessing a duration.
    told = json.loads(ready.read_text())
    while _tick_age(told["url"]) is None:  # The pages are up some seconds before the first look.
        assert time.monotonic() < until, f"the worker never looked: {log.read_text()}"
        time.sleep(0.2)
    return Product(told["url"], told["email"], told["password"], folder / ".nexus")


def _tick_age(url: str) -> float | None:
    age: float | None = httpx.get(f"{url}/readyz").json()["tick_age_seconds"]
    return age


def _processes(pid: int, home: Path) -> list[psutil.Process]:
    """Find all that runs because of `nexus up`: what is below it, and its two servers.

    The servers are nobody's children, so that they outlive a `nexus up` that is killed.
    """
    found = []
    for known in filter(None, (pid, postgres_pid(home), redis_pid(home))):
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(known)
            found += [process, *process.children(recursive=True)]
    return found
