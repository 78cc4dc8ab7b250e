"""How do tests watch what a page would see? Bytes from a stream, and the queries it cost."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import httpx
from sqlalchemy import event

from nexus.core.db import Database
from nexus.core.redis import Channel
from nexus.feed.audience import Audience, Seat
from tests.website import Browser

SECONDS = 10
LINE = re.compile(r'id="feed-(\d+)"')


async def until(holds: Callable[[], bool]) -> None:
    """Return as soon as `holds`; fail when it does not in time."""
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110  what it waits for rings no bell
            await asyncio.sleep(0.005)


@contextmanager
def queries(database: Database) -> Iterator[list[str]]:
    """Note every statement that this process sends to `database`."""
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(arguments[2])

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@asynccontextmanager
async def listening(audience: Audience) -> AsyncIterator[None]:
    """Let an audience listen, as the web process does."""
    task = asyncio.create_task(audience.listen())
    try:
        await heard(audience.channel)
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def heard(channel: Channel) -> None:
    """Wait until somebody hears what is published."""

    async def subscribers() -> int:
        [(_, count)] = await channel.redis.pubsub_numsub(channel.name)
        return int(count)

    async with asyncio.timeout(SECONDS):
        while not await subscribers():  # noqa: ASYNC110  Redis tells nobody
            await asyncio.sleep(0.005)


def seated(audience: Audience, user_id: int) -> Seat:
    """Seat somebody."""
    seat = Seat(user_id, f"token-of-{user_id}", session_id=user_id)
    audience.enter(seat)
    return seat


async def next_of(seat: Seat) -> bytes:
    """Wait for a seat's next message."""
    data = await asyncio.wait_for(seat.queue.get(), SECONDS)
    assert data is not None, "the stream has ended"
    return data


def all_of(seat: Seat) -> str:
    """Take all that waits for a seat."""
    messages = []
    while not seat.queue.empty():
        messages.append(seat.queue.get_nowait() or b"(the end)")
    return b"".join(messages).decode()


class Watcher:
    """Reads one stream over HTTP, event by event, as a browser does."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.chunks = answer.aiter_text()
        self.text = ""

    async def event(self) -> str:
        """Read up to the end of the next event, a comment included."""
        async with asyncio.timeout(SECONDS):
            while "\n\n" not in self.text:
                self.text += await anext(self.chunks)
        found, _, self.text = self.text.partition("\n\n")
        return found

    async def event_with(self, part: str) -> str:
        """Read on until an event says `part`."""
        while part not in (found := await self.event()):
            pass
        return found

    async def rest(self) -> str:
        """Read until the server ends the stream."""
        async with asyncio.timeout(SECONDS):
            async for chunk in self.chunks:
                self.text += chunk
        return self.text


@asynccontextmanager
async def watching(browser: Browser, path: str = "/live", **headers: str) -> AsyncIterator[Watcher]:
    """Open a stream."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    async with browser.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        yield Watcher(answer)


def lines_in(text: str) -> list[int]:
    """Give the ids of the feed lines in some text, in their order."""
    return [int(found) for found in LINE.findall(text)]
