"""Place the orders of some plans: claim (commit), send once (no transaction), record (commit)."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from nexus.core.faults import reach
from nexus.exchanges.protocol import Answer, Intent
from nexus.execution.broker import Broker
from nexus.execution.claim import claim
from nexus.execution.record import news_of_sending, record_news

BATCH = 100
"""Answers recorded in one transaction, and plans claimed in one."""


async def place_orders(broker: Broker, plan_ids: Sequence[int]) -> None:
    """Send each plan that may go now, exactly once.

    Plans that must wait for another order of their account are taken up again as soon as that
    order has been recorded; what waits for anything else is left to the sweeper.
    """
    for start in range(0, len(plan_ids), BATCH):
        waiting = list(plan_ids[start : start + BATCH])
        while waiting:
            async with broker.database.transaction() as tx:
                claims = await claim(tx, waiting, broker)
            reach("claimed")
            if not claims.intents:
                break
            await _send_and_record(broker, claims.intents)
            waiting = claims.waiting


async def _send_and_record(broker: Broker, intents: Sequence[Intent]) -> None:
    """Send once and record the answers as they come, all venues side by side.

    A venue or a record that fails does not stop the other venues: what was sent must be recorded.
    """
    by_venue: dict[str, list[Intent]] = defaultdict(list)
    for intent in intents:
        by_venue[intent.account.venue].append(intent)
    done = await asyncio.gather(
        *(_send_to(broker, venue, orders) for venue, orders in by_venue.items()),
        return_exceptions=True,
    )
    for failure in done:
        if failure is not None:
            raise failure


async def _send_to(broker: Broker, venue: str, orders: Sequence[Intent]) -> None:
    async with aclosing(broker.venues[venue].send(orders)) as answers:
        async for batch in _in_batches(answers):
            news = [news_of_sending(a.intent.order_id, a.outcome, broker) for a in batch]
            reach("sent")
            async with broker.database.transaction() as tx:
                await record_news(tx, news, broker)
            reach("recorded")


async def _in_batches(answers: AsyncIterator[Answer]) -> AsyncIterator[list[Answer]]:
    batch: list[Answer] = []
    async for answer in answers:
        batch.append(answer)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
