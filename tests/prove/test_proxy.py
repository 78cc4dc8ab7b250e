"""Does the door forward, shut, hold back and cut?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from prove.proxy import COMMITTED, Proxy


@pytest.fixture
async def door() -> AsyncIterator[Proxy]:
    ended = asyncio.Event()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line.upper())
        writer.transport.abort()
        ended.set()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy(("127.0.0.1", server.sockets[0].getsockname()[1]))
    await proxy.start()
    yield proxy
    await proxy.stop()
    if proxy.let_in:
        await ended.wait()
    server.close()


@asynccontextmanager
async def visit(
    door: Proxy,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    yield reader, writer
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_it_forwards_both_ways(door: Proxy) -> None:
    async with visit(door) as (reader, writer):
        writer.write(b"hello\n")
        assert await reader.readline() == b"HELLO\n"


async def test_shut_it_lets_nobody_in(door: Proxy) -> None:
    door.is_open = False
    async with visit(door) as (reader, _):
        assert await reader.read() == b""
    assert door.turned_away == 1


async def test_it_holds_back_answers_until_it_is_told(door: Proxy) -> None:
    async with visit(door) as (reader, writer):
        door.answers.clear()
        writer.write(b"hello\n")
        answer = asyncio.create_task(reader.readline())
        done, _ = await asyncio.wait([answer], timeout=0.2)
        assert not done
        door.answers.set()
        assert await answer == b"HELLO\n"


async def test_it_cuts_whoever_is_in_it(door: Proxy) -> None:
    async with visit(door) as (reader, writer):
        writer.write(b"hello\n")
        assert await reader.readline() == b"HELLO\n"
        assert await door.cut() == 1
        assert await reader.read() == b""


async def test_it_counts_the_commits_it_holds_back(door: Proxy) -> None:
    async with visit(door) as (reader, writer):
        writer.write(b"anything\n")
        await reader.readline()
        door.loses_commits = True
        writer.write(COMMITTED + b"\n")
        for _ in range(500):
            if door.commits_held:
                break
            await asyncio.sleep(0.01)
        await door.cut()
    assert door.commits_held == 1
