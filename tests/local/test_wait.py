"""Do we wait for what answers, and say what happened when it does not?"""

import asyncio
import os

import pytest

from nexus.local.address import choose_address
from nexus.local.errors import LocalError
from nexus.local.wait import wait_for_http, watch


async def answer(status: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(f'HTTP/1.1 {status} Word\r\n\r\n{{"database": "away"}}'.encode())
    await writer.drain()
    writer.close()


async def test_it_waits_for_a_server_that_starts_late() -> None:
    port = choose_address("127.0.0.1", 0).port
    waiting = asyncio.create_task(wait_for_http("web", ("127.0.0.1", port), "/readyz", 8))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done

    server = await asyncio.start_server(lambda r, w: answer(200, r, w), "127.0.0.1", port)
    async with server:
        await waiting


async def test_the_last_answer_is_told() -> None:
    server = await asyncio.start_server(lambda r, w: answer(503, r, w), "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()[:2]
        with pytest.raises(LocalError, match=r'its last answer was 503: \{"database": "away"\}'):
            await wait_for_http("web", address, "/readyz", 0.5)


async def test_silence_is_told() -> None:
    port = choose_address("127.0.0.1", 0).port
    with pytest.raises(LocalError, match=r"The web process was not ready .* did not answer"):
        await wait_for_http("web", ("127.0.0.1", port), "/readyz", 0.2)


async def test_a_server_that_ended_is_named() -> None:
    ended = await asyncio.create_subprocess_exec("/bin/true")
    await ended.wait()

    with pytest.raises(LocalError, match=r"Valkey ended by itself"):
        await asyncio.wait_for(watch({"PostgreSQL": os.getpid(), "Valkey": ended.pid}), 5)
