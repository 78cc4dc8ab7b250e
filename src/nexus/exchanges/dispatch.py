"""Send many orders side by side, each once: whatever goes wrong with one becomes its outcome."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import structlog

from nexus.exchanges.protocol import Answer, Intent, Outcome, Unclear

log = structlog.get_logger()

Place = Callable[[Intent], Awaitable[Outcome]]
"""Sends one order and judges the reply."""


async def dispatch(
    intents: Sequence[Intent], place: Place, concurrency: int
) -> AsyncGenerator[Answer, None]:
    """Place all of them, at most `concurrency` at a time; gives the answers as they come."""
    turns = asyncio.Semaphore(concurrency)

    async def answer(intent: Intent) -> Answer:
        async with turns:
            return Answer(intent, await _outcome(intent, place))

    tasks = [asyncio.create_task(answer(intent)) for intent in intents]
    try:
        for task in asyncio.as_completed(tasks):
            yield await task
    finally:
        for unfinished in tasks:
            unfinished.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _outcome(intent: Intent, place: Place) -> Outcome:
    """Place one order; it never ends in an exception."""
    try:
        return await place(intent)
    except Exception as error:  # noqa: BLE001  an order never ends in an exception
        name = type(error).__name__
        # Without its traceback, whose variables may hold the key.
        log.error("order_unforeseen", order=intent.order_id, error=name)  # noqa: TRY400
        return Unclear(f"unforeseen: {name}")
