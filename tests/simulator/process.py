"""How does a test run a simulator as a process of its own?"""

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import IO, Any


@dataclass(slots=True)
class Process:
    """A `python -m nexus.simulator` and what it has printed."""

    child: subprocess.Popen[bytes]
    url: str = ""
    accounts: list[dict[str, Any]] = field(default_factory=list)

    def kill(self) -> None:
        self.child.kill()
        self.child.communicate()

    def end(self, number: int) -> tuple[int, float]:
        """Send a signal; returns the exit code and how many seconds it took."""
        began = time.monotonic()
        self.child.send_signal(number)
        self.child.communicate(timeout=10)
        return self.child.returncode, time.monotonic() - began


def run(*options: str) -> Process:
    """Start with `options` and wait until it says that it is ready."""
    process = Process(
        subprocess.Popen(
            [sys.executable, "-m", "nexus.simulator", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    )
    try:
        process.url = _heard(process.child.stderr, b"ready ").decode()
        if "--print-accounts" in options:
            # Every account was printed before it was ready.
            printed = os.read(process.child.stdout.fileno(), 65_536).decode()  # type: ignore[union-attr]
            process.accounts = [json.loads(line) for line in printed.splitlines()]
    except BaseException:
        process.kill()
        raise
    return process


def _heard(stream: IO[bytes] | None, word: bytes) -> bytes:
    """Read until a line says `word`; returns what follows it."""
    assert stream is not None
    heard = b""
    while b"\n" not in heard.partition(word)[2]:
        ready, _, _ = select.select([stream], [], [], 20)
        piece = os.read(stream.fileno(), 4_096) if ready else b""
        assert piece, heard
        heard += piece
    return heard.partition(word)[2].split()[0]
