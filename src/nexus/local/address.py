"""At which address do the pages answer?"""

import errno
import socket
from dataclasses import dataclass

from nexus.local.errors import LocalError
from nexus.local.remember import free_port

LOOPBACK = ("127.0.0.1", "::1")
REACHABLE_AS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what to call "everywhere"


@dataclass(frozen=True)
class Address:
    """Where the web process listens."""

    host: str
    port: int

    @property
    def reachable(self) -> tuple[str, int]:
        """Give the host and port by which this machine reaches it."""
        return REACHABLE_AS.get(self.host, self.host), self.port

    @property
    def url(self) -> str:
        """Give the address the way a browser wants it.

        By its name where it is this machine: browsers keep passkeys for names, not for numbers.
        """
        host, port = self.reachable
        if host in LOOPBACK:
            return f"http://localhost:{port}"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def choose_address(host: str, port: int) -> Address:
    """Check that we may listen there, before anything is started; port 0 is any free one.

    Raises LocalError with a sentence that says how to choose another.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        if port == 0:
            return Address(host, free_port(host))
        socket.create_server((host, port), family=family).close()
        _check_its_name(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = 8000 if port >= 65_000 else port + 1  # noqa: PLR2004  just an example
            message = (
                f"Port {port} on {host} is taken by another program. Stop that program, or "
                f"choose another port: `nexus up --port {other}`, or PORT={other} make run."
            )
        else:
            message = (
                f"Nexus cannot listen on {host}, port {port}: {error.strerror}. "
                "Choose others with --host and --port."
            )
        raise LocalError(message) from error
    return Address(host, port)


def _check_its_name(host: str, port: int) -> None:
    """Raise OSError when `localhost` may lead to another program, on the other kind of address."""
    if host != LOOPBACK[0] or not socket.has_ipv6:
        return
    try:
        socket.create_server((LOOPBACK[1], port), family=socket.AF_INET6).close()
    except OSError as error:
        # A machine without IPv6 cannot listen there, and no other program can either.
        if error.errno == errno.EADDRINUSE:
            raise
