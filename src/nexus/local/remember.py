"""What does the folder remember from one run to the next? Its secrets and its ports.

All of it is for development: made up once, readable by the owner only.
"""

import base64
import json
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from nexus.local.errors import LocalError
from nexus.notices.vapid import make_key

# Development secrets, by the name of the variable they stand in for, and how each is made.
SECRETS: dict[str, Callable[[], str]] = {
    "KEY_ENCRYPTION_KEY": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "SESSION_SECRET": lambda: secrets.token_urlsafe(48),
    "DEMO_PASSWORD": lambda: secrets.token_urlsafe(12),
    "REDIS_PASSWORD": lambda: secrets.token_urlsafe(24),
    "VAPID_PRIVATE_KEY": make_key,
    # No secret, but the settings take the key only with it.
    "PUSH_CONTACT": lambda: "mailto:operator@example.com",
}


def remembered_secrets(folder: Path) -> dict[str, str]:
    """Give the folder's secrets; those that are missing are made up and kept."""
    path = folder / "secrets.env"
    lines = path.read_text().splitlines() if path.exists() else []
    known = dict(line.split("=", 1) for line in lines if "=" in line)
    complete = {name: known.get(name) or make() for name, make in SECRETS.items()}
    if complete != known:
        header = "# Made up by `nexus up` for this folder. Never use them in production.\n"
        text = "".join(f"{name}={value}\n" for name, value in complete.items())
        write_private(path, header + text)
    return complete


def remembered_id(folder: Path) -> str:
    """Give the random name of this folder; deleting the folder forgets it."""
    path = folder / "id"
    if not path.exists():
        write_private(path, secrets.token_hex(8))
    return path.read_text().strip()


def remembered_port(folder: Path, name: str) -> int:
    """Give the port `name` had last time; a new free one when it is taken or was never chosen."""
    path = folder / "ports.json"
    ports = _read_ports(path)
    if name not in ports or not is_free("127.0.0.1", ports[name]):
        ports[name] = free_port("127.0.0.1")
        write_private(path, json.dumps(ports, indent=2) + "\n")
    return ports[name]


def last_port(folder: Path, name: str) -> int | None:
    """Give the port `name` had last time, taken or not."""
    return _read_ports(folder / "ports.json").get(name)


def _read_ports(path: Path) -> dict[str, int]:
    """Read the remembered ports; a file that makes no sense is as good as none."""
    try:
        ports = json.loads(path.read_text())
        return {str(name): int(port) for name, port in ports.items()}
    except (FileNotFoundError, ValueError, AttributeError, TypeError):
        return {}


def free_port(host: str) -> int:
    """Give a port that nobody listens on now."""
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Say whether we could listen on `port`."""
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        message = f"Nexus cannot write {path}: {error.strerror}. Choose another with --folder."
        raise LocalError(message) from error
