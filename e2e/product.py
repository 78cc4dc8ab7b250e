"""How do the journeys get a real product? They start `nexus up`, and stop it as Ctrl-C does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 120
STOP_SECONDS = 30


@dataclass(frozen=True)
class Product:
    """A running Nexus, and the demo login."""

    url: str
    email: str
    password: str


@contextmanager
def running_product(folder: Path) -> Iterator[Product]:
    """Start everything in `folder`; afterwards stop it, and insist that no process is left."""
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
    try:
        yield _wait_until_ready(process, folder, log)
    finally:
        children = _children(process.pid)
        process.send_signal(signal.SIGINT)
        code = process.wait(STOP_SECONDS)
    left = [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert (code, left) == (0, []), f"Ctrl-C left {left} and exit code {code}: {log.read_text()}"


def _environment() -> dict[str, str]:
    """Give the product what a newcomer has: nothing of its own is set."""
    ours = ("DATABASE_URL", "REDIS_URL", "ENVIRONMENT")
    return {name: value for name, value in os.environ.items() if name not in ours}


def _wait_until_ready(process: "subprocess.Popen[bytes]", folder: Path, log: Path) -> Product:
    ready = folder / ".nexus" / "ready.json"
    until = time.monotonic() + READY_SECONDS
    while not ready.exists():
        assert process.poll() is None, f"nexus up ended by itself: {log.read_text()}"
        assert time.monotonic() < until, f"nexus up is not ready: {log.read_text()}"
        time.sleep(0.2)  # Polling a file with a deadline, not guessing a duration.
    told = json.loads(ready.read_text())
    return Product(told["url"], told["email"], told["password"])


def _children(pid: int) -> list[int]:
    """List the processes below `pid`, on systems that tell (Linux)."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    direct = [int(child) for child in tasks.read_text().split()] if tasks.exists() else []
    return direct + [grandchild for child in direct for grandchild in _children(child)]
