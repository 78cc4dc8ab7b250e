"""How do we start, find and end a database server that belongs to a folder?

A server is found by its own command line, never by a pid file: after a crash or a reboot a
number in a file may be somebody else's process.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

DETACH = Path(__file__).with_name("detach.py")
LOG_LIMIT_BYTES = 5_000_000


@dataclass(frozen=True)
class Account:
    """Whom a server runs as."""

    uid: int
    gid: int

    @classmethod
    def ours(cls) -> "Account":
        """Give the account of this very process."""
        return cls(os.geteuid(), os.getegid())


def launch(command: list[str], *, account: Account, folder: Path, log: Path) -> int:
    """Start a server that outlives us, its output appended to `log`; give its process id."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.unlink()
    script = [sys.executable, "-I", "-S", str(DETACH), str(account.uid), str(account.gid)]
    answer = subprocess.run(  # noqa: S603  our own script and a server from our own environment
        [*script, str(folder), str(log), *command],
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        check=True,
        capture_output=True,
        text=True,
    )
    return int(answer.stdout)


def find_process(program: str, *arguments: str) -> int | None:
    """Give the id of the process that is `program` with exactly these arguments, if any."""
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or [""]
        if Path(command[0]).name == program and command[1:] == list(arguments):
            return int(process.pid)
    return None


def is_alive(pid: int) -> bool:
    """Say whether the process still runs; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def end(pid: int, asking: signal.Signals, seconds: float, insisting: signal.Signals) -> None:
    """Send `asking`; if the process still runs after `seconds`, send `insisting`; wait for it."""
    for signal_, patience in ((asking, seconds), (insisting, 5.0)):
        try:
            os.kill(pid, signal_)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while is_alive(pid):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        else:
            return


def last_words(log: Path, from_byte: int) -> str:
    """Give the most telling line a server wrote to its log from `from_byte` on."""
    if not log.exists():
        return "it wrote nothing"
    with log.open("rb") as file:
        file.seek(from_byte)
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return (telling or lines or ["it wrote nothing"])[-1].strip()


def size(log: Path) -> int:
    """Give the log's length in bytes, 0 when there is none."""
    return log.stat().st_size if log.exists() else 0
