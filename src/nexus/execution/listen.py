"""Hear what exchanges tell, and book it: fills and balances without polling.

Each worker leases thousands of accounts, keeps a connection for each thousand, and writes down
what it hears in batches. After every gap the exchange is asked what was missed.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import structlog
from sqlalchemy import update

from nexus.core.db import among
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.open_streams import Streams, UserStream
from nexus.exchanges.rests import pause_seconds
from nexus.exchanges.stream_leases import Shard, hold_shards, release_shards
from nexus.exchanges.user_stream import (
    BalancesHeard,
    Deaf,
    Missed,
    MoneyMoved,
    OrderHeard,
    StreamFact,
)
from nexus.execution.broker import Broker
from nexus.execution.fill_gaps import GapFiller, ReadBalances
from nexus.execution.hear import record_orders
from nexus.execution.hear_balances import BalanceWords, write_words
from nexus.execution.jobs import questions_about

log = structlog.get_logger()

ROUND_SECONDS = 3.0
GATHER_SECONDS = 0.1
"""How long events are gathered: most orders' own answers are booked meanwhile."""
BATCH = 500
LINE = 10_000
"""Events that may wait; beyond that the connections are read more slowly."""
AWAY_SECONDS = 1.0
STEADY_SECONDS = 60.0
"""A listener that lived so long was a good one: its failure is not counted with those before."""


@dataclass(frozen=True, slots=True)
class Line:
    """A connection and the task that keeps it."""

    stream: UserStream
    task: asyncio.Task[None]


async def keep_listening(make: Callable[[], "Listener"]) -> None:
    """Listen until cancelled; a listener that fails is replaced, each time after a longer pause.

    Nothing is lost meanwhile: the new one subscribes again and asks for what was missed, and the
    sweeper asks about open orders all the same.
    """
    failures = 0
    while True:
        began = monotonic()
        try:
            await make().run()
        except Exception:
            failures = 1 if monotonic() - began > STEADY_SECONDS else failures + 1
            pause = pause_seconds(failures)
            log.exception("listener_failed", failures=failures, again_in=pause)
            await asyncio.sleep(pause)


class Listener:
    """One worker's ears. `run` listens until cancelled, or until it fails."""

    def __init__(self, broker: Broker, streams: Streams, read_balances: ReadBalances) -> None:
        self.broker = broker
        self.streams = streams
        self.lines: dict[Shard, Line] = {}
        self.gaps = GapFiller(broker, read_balances)
        self._words = BalanceWords()
        self._facts: asyncio.Queue[StreamFact] = asyncio.Queue(LINE)

    async def run(self) -> None:
        """Listen until cancelled; what was leased is given back then."""
        jobs = [asyncio.create_task(job) for job in (self._lease(), self._book(), self.gaps.run())]
        try:
            await asyncio.gather(*jobs)
        finally:
            lines = [line.task for line in self.lines.values()]
            for task in (*jobs, *lines):
                task.cancel()
            self.lines.clear()
            await asyncio.gather(*jobs, *lines, return_exceptions=True)
            await self._release()

    # Who is heard.

    async def _lease(self) -> None:
        while True:
            try:
                await self.lease_once()
            except Exception:
                log.exception("leases_not_renewed")
            await asyncio.sleep(ROUND_SECONDS)

    async def lease_once(self) -> None:
        """Renew the leases, and let each connection carry just the accounts it should."""
        async with self.broker.database.transaction() as tx:
            held = await hold_shards(tx, self.broker.worker, self.streams.venues)
        for shard, line in list(self.lines.items()):
            if shard not in held or line.task.done():
                await self._end(shard)
        for shard, accounts in held.items():
            carrier = self.lines.get(shard) or self._begin(shard)
            if carrier is not None:
                carrier.stream.want(list(accounts))

    def _begin(self, shard: Shard) -> Line | None:
        stream = self.streams.open(shard.venue, shard.egress, self._facts.put)
        if stream is None:
            return None
        log.info("listening", venue=shard.venue, egress=shard.egress, shard=shard.number)
        self.lines[shard] = Line(stream, asyncio.create_task(stream.run()))
        return self.lines[shard]

    async def _end(self, shard: Shard) -> None:
        line = self.lines.pop(shard)
        self._words.forget(set(line.stream.heard))
        line.task.cancel()
        for error in await asyncio.gather(line.task, return_exceptions=True):
            if isinstance(error, Exception):
                log.error("connection_failed", shard=shard.number, exc_info=error)

    async def _release(self) -> None:
        with suppress(Exception):
            async with self.broker.database.transaction() as tx:
                await release_shards(tx, self.broker.worker)

    # What is heard.

    async def _book(self) -> None:
        """Book what comes, in batches; what cannot be booked is asked for later."""
        while True:
            facts = await self._gather()
            try:
                await self._book_batch(facts)
            except Exception:
                log.exception("events_not_booked", events=len(facts))
                self.gaps.add(fact.account_id for fact in facts)
                await asyncio.sleep(AWAY_SECONDS)

    async def _gather(self) -> list[StreamFact]:
        """Wait for events, or until balances that had to wait may be tried again."""
        facts: list[StreamFact] = []
        with suppress(TimeoutError):
            wait = AWAY_SECONDS if self._words.waiting else None
            facts.append(await asyncio.wait_for(self._facts.get(), wait))
            await asyncio.sleep(GATHER_SECONDS)
        while len(facts) < BATCH and not self._facts.empty():
            facts.append(self._facts.get_nowait())
        return facts

    async def _book_batch(self, facts: Sequence[StreamFact]) -> None:
        orders = [fact for fact in facts if isinstance(fact, OrderHeard)]
        for fact in facts:
            match fact:
                case BalancesHeard():
                    self._words.hear(fact)
                case Missed(account_id):
                    self.gaps.add([account_id])
                case MoneyMoved(account_id, asset):
                    log.info("owner_moved_money", account=account_id, asset=asset)
                    self.gaps.read_soon([account_id])
        if orders:
            async with self.broker.database.transaction() as tx:
                incomplete = await record_orders(tx, orders, self.broker)
                self.broker.bell.after(tx, *questions_about(incomplete))
        await self._write_balances()
        deaf = (fact for fact in facts if isinstance(fact, Deaf))
        await self._ask_for_health({fact.account_id for fact in deaf if fact.key_refused})

    async def _write_balances(self) -> None:
        words = self._words.take(BATCH)
        if not words:
            return
        try:
            async with self.broker.database.transaction() as tx:
                written = await write_words(tx, words)
        except BaseException:
            self._words.put_back(words)
            raise
        self._words.put_back(written.later)
        self.gaps.read_soon(written.doubtful)

    async def _ask_for_health(self, account_ids: set[int]) -> None:
        """Let the next round of `exchanges/health.py` ask what became of these keys."""
        if account_ids:
            async with self.broker.database.transaction() as tx:
                asked = update(ExchangeAccount).where(among(ExchangeAccount.id, account_ids))
                await tx.execute(asked.values(health_at=None))
