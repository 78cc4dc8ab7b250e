"""How do answers that come one by one get recorded together?"""

from collections.abc import AsyncIterator

from nexus.exchanges.protocol import Answer


async def in_batches(answers: AsyncIterator[Answer], most: int) -> AsyncIterator[list[Answer]]:
    """Gather answers as they come, so many at once; the last batch holds what is left."""
    batch: list[Answer] = []
    async for answer in answers:
        batch.append(answer)
        if len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch
