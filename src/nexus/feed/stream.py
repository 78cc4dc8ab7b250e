"""What does one open stream send? What was missed, then what happens, until its time is up."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from nexus.core.db import Database
from nexus.core.display import shown_as
from nexus.feed.audience import Audience, Seat
from nexus.feed.draw import PING, draw_connection, draw_items, message
from nexus.feed.queries import feed_of
from nexus.feed.write import first_id_at

PING_SECONDS = 15.0
SESSION_CHECK_SECONDS = 60.0
LONGEST_SECONDS = 600.0
"""After about ten minutes a stream ends and the browser opens the next: deploys drain by it."""
MISSED_LINES = 50
RETOLD_IDS = first_id_at(10_000)
"""Ten seconds are told again: a line may be committed after one that happened later. The page knows
by its id what it already shows."""

StillSignedIn = Callable[[], Awaitable[bool]]
T = TypeVar("T")
_asking: set[asyncio.Future[Any]] = set()
"""What is being asked; the loop itself would let go of a task that nobody waits for."""


async def stream(
    audience: Audience, seat: Seat, database: Database, after: int, still_signed_in: StillSignedIn
) -> AsyncIterator[bytes]:
    """Send one reader's news. Holds no database connection while it waits.

    The seat is taken only now: a reader who is gone before the first byte never had one.
    """
    audience.enter(seat)
    try:
        yield await _to_its_end(_missed(audience, seat, database, after))
        ends_at = time.monotonic() + LONGEST_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
        checked_at = time.monotonic()
        while time.monotonic() < ends_at:
            data = await _next(seat)
            if data is None:
                return
            yield data
            if time.monotonic() - checked_at > SESSION_CHECK_SECONDS:
                checked_at = time.monotonic()
                if not await _to_its_end(still_signed_in()):
                    return
    finally:
        audience.leave(seat)


async def _to_its_end(asking: Awaitable[T]) -> T:
    """Ask the database and hear it out, though the reader may be gone before it has answered.

    Broken off in the middle, its connection would be lost, and a traceback written.
    """
    task = asyncio.ensure_future(asking)
    _asking.add(task)
    task.add_done_callback(_asking.discard)
    return await asyncio.shield(task)


async def _missed(audience: Audience, seat: Seat, database: Database, after: int) -> bytes:
    """Draw the feed lines since the id the reader last saw, oldest first, and all else as it is.

    A page that slept does not know what it missed: markets, bots and decisions are drawn anew.
    """
    async with database.transaction() as tx:
        after = max(0, after - RETOLD_IDS)
        items = await feed_of(tx, seat.user_id, after=after, limit=MISSED_LINES)
    with shown_as(seat.display):
        missed = draw_items(reversed(items))
    markup = draw_connection("live") + missed + await audience.picture(seat)
    return message(markup, event_id=items[0].id if items else None)


async def _next(seat: Seat) -> bytes | None:
    """Wait for the next message; a comment when nothing came, a word when some was dropped."""
    if seat.behind and seat.queue.empty():
        seat.behind = False
        return message(draw_connection("behind"))
    try:
        return await asyncio.wait_for(seat.queue.get(), PING_SECONDS)
    except TimeoutError:
        return PING
