"""How do we know that what we started answers, and still runs?"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from nexus.local.errors import LocalError
from nexus.local.servers import is_alive

ANSWER_SECONDS = 3
PAUSE_SECONDS = 0.05
WATCH_SECONDS = 1


async def wait_for_http(name: str, address: tuple[str, int], path: str, seconds: float) -> None:
    """Wait until `path` at `address` answers 200; after `seconds` raise LocalError.

    `name` is how the sentence calls the process.
    """
    status, body = 0, ""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while status != 200:  # noqa: PLR2004  HTTP's word for "ready"
                status, body = await _ask(address, path)
                await asyncio.sleep(PAUSE_SECONDS)
            return
    said = f"its last answer was {status}: {body}" if status else "it did not answer at all"
    message = (
        f"The {name} process was not ready after {seconds:.0f} seconds; {said}. "
        "Its lines above say more; put that right, then start again."
    )
    raise LocalError(message)


async def _ask(address: tuple[str, int], path: str) -> tuple[int, str]:
    """Send one GET; give the status and the body, or status 0 when nobody answers yet.

    Written out, because a client library would ask the environment's proxy first.
    """
    host, port = address
    named = f"[{host}]" if ":" in host else host
    question = f"GET {path} HTTP/1.1\r\nHost: {named}:{port}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(question.encode())
                answer = await reader.read()
            finally:
                writer.close()
        head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
        return int(head.split()[1]), body[:500]
    except (OSError, TimeoutError, IndexError, ValueError):
        return 0, ""


async def watch(servers: Mapping[str, int]) -> None:
    """Raise LocalError once one of the servers (name: process id) no longer runs."""
    while True:
        for name, pid in servers.items():
            if not is_alive(pid):
                message = (
                    f"{name} ended by itself, so everything was stopped. Its log in the folder "
                    "says why; start again."
                )
                raise LocalError(message)
        await asyncio.sleep(WATCH_SECONDS)
