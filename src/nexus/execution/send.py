"""Place the orders of some plans: claim (commit), send once (no transaction), record (commit)."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from contextlib import aclosing

from nexus.core.faults import reach
from nexus.exchanges.protocol import Intent
from nexus.execution.broker import Broker
from nexus.execution.claim import claim
from nexus.execution.in_batches import in_batches
from nexus.execution.record import news_of_sending, record_news
from nexus.execution.rest import cancel_stops

BATCH = 100
"""Answers recorded in one transaction, and plans claimed in one."""


async def place_orders(broker: Broker, plan_ids: Sequence[int]) -> None:
    """Send each plan that may go now, exactly once.

    Plans that must wait for another order of their account are taken up again as soon as that
    order has been recorded, and sales as soon as the stop that locks their coins is cancelled;
    what waits for anything else is left to the sweeper.
    """
    for start in range(0, len(plan_ids), BATCH):
        waiting = list(plan_ids[start : start + BATCH])
        while waiting:
            async with broker.database.transaction() as tx:
                claims = await claim(tx, waiting, broker)
            reach("claimed")
            if not (claims.intents or claims.cancels):
                break
            # Both are written down by now, so one that fails must not keep the other.
            await _both(
                _send_and_record(broker, claims.intents), cancel_stops(broker, claims.cancels)
            )
            waiting = claims.waiting


async def _send_and_record(broker: Broker, intents: Sequence[Intent]) -> None:
    """Send once and record the answers as they come, all venues side by side.

    A venue or a record that fails does not stop the other venues: what was sent must be recorded.
    """
    by_venue: dict[str, list[Intent]] = defaultdict(list)
    for intent in intents:
        by_venue[intent.account.venue].append(intent)
    await _both(*(_send_to(broker, venue, orders) for venue, orders in by_venue.items()))


async def _both(*doing: Coroutine[None, None, None]) -> None:
    """Do things side by side to their end, and raise what one of them raised."""
    for failure in await asyncio.gather(*doing, return_exceptions=True):
        if failure is not None:
            raise failure


async def _send_to(broker: Broker, venue: str, orders: Sequence[Intent]) -> None:
    async with aclosing(broker.venues[venue].send(orders)) as answers:
        async for batch in in_batches(answers, BATCH):
            news = [news_of_sending(a.intent.order_id, a.outcome, broker) for a in batch]
            reach("sent")
            async with broker.database.transaction() as tx:
                await record_news(tx, news, broker)
            reach("recorded")
