"""Let stops rest, take them back, and ask what became of them: claim, call once, record.

Placing is never repeated under another name. Cancelling may be: it is asked for until the
exchange has said how the stop ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from datetime import timedelta

import structlog
from sqlalchemy import select, update

from nexus.bots.models import RestingStop
from nexus.core.clock import now
from nexus.core.db import Transaction, among
from nexus.core.faults import reach
from nexus.exchanges.distrust import distrust_asked_key
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import (
    Accepted,
    Answer,
    ExchangeAwayError,
    Intent,
    KeyInvalidError,
    NotPlaced,
    VenueStatus,
)
from nexus.execution.broker import Broker
from nexus.execution.claim_stops import Resting, claim_stops, resting
from nexus.execution.in_batches import in_batches
from nexus.execution.record_stops import StopNews, record_stops
from nexus.execution.states import Step
from nexus.execution.stop_states import LIVE, SOON, after_placing

log = structlog.get_logger()

BATCH = 100
ASKING = timedelta(seconds=60)
"""While one worker asks about a stop, no other does; after this another may."""
OPEN = (VenueStatus.NEW, VenueStatus.PARTIALLY_FILLED)


async def tend_stops(broker: Broker, bot_ids: Sequence[int]) -> None:
    """Give each bot the stop it should have; one that changes is cancelled and placed anew."""
    for start in range(0, len(bot_ids), BATCH):
        part = bot_ids[start : start + BATCH]
        if await _tend(broker, part):
            # Those whose old stop is gone now get their new one at once.
            await _tend(broker, part)


async def _tend(broker: Broker, bot_ids: Collection[int]) -> bool:
    """Do what is due once; say whether something was cancelled."""
    async with broker.database.transaction() as tx:
        work = await claim_stops(tx, bot_ids, broker)
    reach("claimed")
    await cancel_stops(broker, work.cancels)
    for venue in {intent.account.venue for intent in work.intents}:
        mine = [intent for intent in work.intents if intent.account.venue == venue]
        await _place(broker, venue, mine)
    return bool(work.cancels)


async def _place(broker: Broker, venue: str, intents: Sequence[Intent]) -> None:
    async with aclosing(broker.venues[venue].send(intents)) as answers:
        async for batch in in_batches(answers, BATCH):
            reach("sent")
            async with broker.database.transaction() as tx:
                await record_stops(tx, [_learnt(answer) for answer in batch])
            reach("recorded")
            for answer in batch:
                outcome = answer.outcome
                if isinstance(outcome, NotPlaced) and outcome.key_invalid:
                    await distrust_asked_key(broker.database, answer.intent.account)


def _learnt(answer: Answer) -> StopNews:
    stop_id, outcome = answer.intent.order_id, answer.outcome
    if isinstance(outcome, Accepted):
        return StopNews(stop_id, outcome.report)
    return StopNews(stop_id, step=after_placing(outcome))


async def cancel_stops(broker: Broker, stops: Sequence[Resting]) -> None:
    """Cancel stops that are written down as such, side by side, and record how they ended.

    Where the answer does not say it, the exchange is asked at once; what is not known even then
    is taken up again by the sweeper.
    """
    await _each(broker, stops, _cancel)


async def resolve_stops(broker: Broker, stop_ids: Collection[int]) -> None:
    """Ask the exchange about each stop that is due, or cancel it again, and record the answer."""
    async with broker.database.transaction() as tx:
        due = await _take(tx, stop_ids)
    await _each(broker, due, _resolve)


async def _take(tx: Transaction, stop_ids: Collection[int]) -> list[Resting]:
    """Take the stops that are due, so that no other worker asks at the same time."""
    rows = await tx.execute(
        select(RestingStop, ExchangeAccount)
        .join(ExchangeAccount, ExchangeAccount.id == RestingStop.account_id)
        .where(among(RestingStop.id, stop_ids), RestingStop.next_check_at <= now())
        .with_for_update(of=RestingStop, skip_locked=True)
    )
    due = [resting(*row) for row in rows]
    taken = among(RestingStop.id, [one.stop_id for one in due])
    await tx.execute(update(RestingStop).where(taken).values(next_check_at=now() + ASKING))
    return due


async def _each(
    broker: Broker,
    stops: Sequence[Resting],
    act: Callable[[Broker, Resting], Awaitable[StopNews | None]],
) -> None:
    """Do one thing with each stop, so many at a time, and record all that was learnt."""
    turns = asyncio.Semaphore(broker.settings.order_concurrency)

    async def one_turn(stop: Resting) -> StopNews | None:
        async with turns:
            try:
                return await act(broker, stop)
            except Exception:
                # The others must have their turn all the same; this one is due again soon.
                log.exception("stop_not_asked", stop=stop.stop_id)
                return None

    learnt = await asyncio.gather(*(one_turn(stop) for stop in stops))
    news = [item for item in learnt if item is not None]
    if news:
        reach("sent")
        async with broker.database.transaction() as tx:
            await record_stops(tx, news)
        reach("recorded")


async def _resolve(broker: Broker, stop: Resting) -> StopNews | None:
    if stop.status == "CANCELLING":
        return await _cancel(broker, stop)
    news = await _ask(broker, stop)
    late = news is not None and news.report is not None and news.report.status in OPEN
    if late and stop.status not in LIVE:
        log.error("stop_found_late", stop=stop.stop_id, client_id=stop.client_order_id)
        return await _cancel(broker, stop)
    return news


async def _cancel(broker: Broker, stop: Resting) -> StopNews | None:
    exchange = broker.venues[stop.account.venue]
    match await exchange.cancel(stop.account, stop.symbol, stop.client_order_id):
        case Accepted(report) if report.fills or not report.executed_quantity:
            return StopNews(stop.stop_id, report)
        case NotPlaced(key_invalid=True):
            await distrust_asked_key(broker.database, stop.account)
            return None
        case NotPlaced(code, message, retry_after):
            wait = max(SOON, timedelta(seconds=retry_after))
            why = f"NOT_PLACED: code={code} message={message}"
            return StopNews(stop.stop_id, step=Step("CANCELLING", why, wait))
    return await _ask(broker, stop)


async def _ask(broker: Broker, stop: Resting) -> StopNews | None:
    """Ask about one stop; None when the exchange is away and nothing was learnt."""
    exchange = broker.venues[stop.account.venue]
    try:
        report = await exchange.find(stop.account, stop.symbol, stop.client_order_id)
    except KeyInvalidError:
        await distrust_asked_key(broker.database, stop.account)
        return None
    except ExchangeAwayError as error:
        log.warning("exchange_away", stop=stop.stop_id, error=str(error))
        return None
    if report is not None:
        return StopNews(stop.stop_id, report)
    fenced = now() >= stop.sent_at + broker.fence
    return StopNews(stop.stop_id, not_found=fenced, unseen=not fenced)
