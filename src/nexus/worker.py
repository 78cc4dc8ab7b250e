"""The worker process: every queue, job and cron, listed by name. Wiring only."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from saq import CronJob, Worker
from sqlalchemy.exc import OperationalError

from nexus.accounts.events import DeletionAsked
from nexus.accounts.jobs import erase_people, publish_audit_head
from nexus.bots.leave import pause_bots_of_leavers
from nexus.core import log
from nexus.core.clock import SYSTEM_CLOCK, JumpingClock, use
from nexus.core.db import Database
from nexus.core.faults import load_faults
from nexus.core.loop import fast_loop
from nexus.core.queue import Doorbell, open_queue
from nexus.core.redis import Channel, open_redis
from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.jobs import check_dropped_key, check_drops, check_health
from nexus.exchanges.key_provider import read_keys
from nexus.exchanges.open_streams import Streams, open_histories
from nexus.exchanges.refresh import refresh_these_accounts
from nexus.exchanges.registry import open_exchanges, open_market_sources
from nexus.exchanges.slow_share import SlowShare
from nexus.exchanges.take_drop import KeyDesk
from nexus.execution.broker import Broker
from nexus.execution.jobs import (
    place_orders,
    reconcile_accounts,
    resolve_orders,
    resolve_stops,
    tend_stops,
)
from nexus.execution.last_look import last_look
from nexus.execution.listen import Listener, keep_listening
from nexus.fanout.seats import busy_accounts
from nexus.feed.jobs import prune_old_lines
from nexus.feed.publish import CHANNEL
from nexus.feed.wiring import open_reactions
from nexus.market.observe import Observer
from nexus.market.queries import prices_of
from nexus.notices.jobs import send_notes
from nexus.notices.send import PushDesk
from nexus.notices.vapid import open_vapid
from nexus.pipeline.desk import Desk
from nexus.pipeline.gap import stop_after_gap
from nexus.pipeline.jobs import refresh_accounts, refresh_filters, sweep, tick
from nexus.portfolio.jobs import thin_old_equity, write_equity
from nexus.settings import Settings, SettingsError
from nexus.strategy.border import load_strategies

JOBS = (
    place_orders,
    resolve_orders,
    resolve_stops,
    tend_stops,
    reconcile_accounts,
    tick,
    sweep,
    refresh_accounts,
    refresh_filters,
    send_notes,
    check_dropped_key,
    check_drops,
    check_health,
    erase_people,
    publish_audit_head,
    prune_old_lines,
    write_equity,
    thin_old_equity,
)
"""Every job there is; a test compares this list with the declarations."""

logger = structlog.get_logger()

SWEEP_SECONDS = 3
NOTES_SECONDS = 5
DROPS_SECONDS = 10
CONCURRENCY = 10
IDLE_SECONDS = 2
SHUTDOWN_SECONDS = 30
"""An order that is being sent when we are told to stop may take so long to answer."""


def run_worker(settings: Settings) -> None:
    """Work until told to stop. Raises SettingsError or StrategyError when it could not."""
    log.configure(settings)
    _refuse_unsafe(settings)
    if settings.fault_plan:
        load_faults(settings.fault_plan, settings.fault_seed)
    clock = JumpingClock(Path(settings.fault_clock)) if settings.fault_clock else SYSTEM_CLOCK
    # With thousands of orders on their way, asyncio's own loop takes its share of the core.
    with use(clock), asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(_work(settings))


async def _work(settings: Settings) -> None:
    redis = open_redis(settings.redis_url)
    database = Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        pooled_elsewhere=settings.database_pooler,
        reactions={
            **open_reactions(Channel(redis, CHANNEL)),
            DeletionAsked: [pause_bots_of_leavers],
        },
    )
    queue = open_queue(settings.redis_url)
    exchanges = open_exchanges(settings, database, redis, prices_of(database), last_look(database))
    broker = Broker(database, exchanges, Doorbell(queue), settings)
    desk = Desk(
        database=database,
        observer=Observer(database, open_market_sources(settings, redis), settings),
        strategies=load_strategies(settings.strategies, settings),
        bell=broker.bell,
        settings=settings,
        worker=broker.worker,
    )
    vapid = open_vapid(settings)
    share = SlowShare(exchanges.adapters, redis, settings.reconcile_weight_percent)
    read_balances = partial(
        refresh_these_accounts, database, exchanges, busy=busy_accounts(), share=share
    )
    new_listener = partial(Listener, broker, Streams(exchanges.adapters), read_balances)
    worker: Worker[Any] = Worker(
        queue,
        functions=[job.function for job in JOBS],
        cron_jobs=_crons(settings),
        concurrency=CONCURRENCY,
        shutdown_grace_period_s=SHUTDOWN_SECONDS,
        # SAQ waits for its idle tasks too when it stops: none of them may sleep for long.
        dequeue_timeout=IDLE_SECONDS,
        timers={"schedule": 1, "abort": 1, "sweep": IDLE_SECONDS, "worker_info": IDLE_SECONDS},
    )
    worker.context.update(
        {
            "broker": broker,
            "database": database,
            "desk": desk,
            "exchanges": exchanges,
            "histories": open_histories(exchanges.adapters),
            "share": share,
            "key_desk": KeyDesk(database, exchanges, settings),
            "push_desk": PushDesk(database, vapid, settings) if vapid else None,
        }
    )
    # Before the first job: what a restored database still wants to send may have been sent.
    await _look_for_gap(database, settings)
    # Nothing can be sized before the filters are known.
    # What was done while no worker was there is looked for from now on, not from the next minute.
    await broker.bell.ring(refresh_filters.later(), check_drops.later(), reconcile_accounts.later())
    ears = asyncio.create_task(keep_listening(new_listener))
    try:
        await worker.start()
    finally:
        ears.cancel()
        await asyncio.gather(ears, return_exceptions=True)
        await exchanges.close()
        for source in desk.observer.sources:
            await source.close()
        await queue.disconnect()
        await redis.aclose()
        await database.close()


async def _look_for_gap(database: Database, settings: Settings) -> None:
    """Ask until the database answers: what cannot be ruled out must not be traded on."""
    while True:
        try:
            await stop_after_gap(database, settings.stop_after_gap_seconds)
        except OperationalError:
            logger.warning("database_away")
            await asyncio.sleep(IDLE_SECONDS)
        else:
            return


def _crons(settings: Settings) -> list[CronJob[Any]]:
    """Say when what starts by itself; the sixth field of a cron line is its seconds."""
    return [
        CronJob(tick.function, f"* * * * * */{settings.tick_seconds}", timeout=tick.timeout),
        CronJob(sweep.function, f"* * * * * */{SWEEP_SECONDS}", timeout=sweep.timeout),
        CronJob(refresh_accounts.function, "* * * * *", timeout=refresh_accounts.timeout),
        CronJob(reconcile_accounts.function, "* * * * *", timeout=reconcile_accounts.timeout),
        CronJob(send_notes.function, f"* * * * * */{NOTES_SECONDS}", timeout=send_notes.timeout),
        CronJob(check_drops.function, f"* * * * * */{DROPS_SECONDS}", timeout=check_drops.timeout),
        CronJob(check_health.function, "* * * * *", timeout=check_health.timeout),
        # A symbol that opens again after a halt is traded within a minute.
        CronJob(refresh_filters.function, "* * * * * 40", timeout=refresh_filters.timeout),
        CronJob(erase_people.function, "17 * * * *", timeout=erase_people.timeout),
        CronJob(publish_audit_head.function, "0 * * * *", timeout=publish_audit_head.timeout),
        CronJob(prune_old_lines.function, "29 * * * *", timeout=prune_old_lines.timeout),
        CronJob(write_equity.function, "*/15 * * * *", timeout=write_equity.timeout),
        CronJob(thin_old_equity.function, "41 * * * *", timeout=thin_old_equity.timeout),
    ]


def _refuse_unsafe(settings: Settings) -> None:
    """Raise SettingsError for what a worker cannot do without."""
    mistakes = []
    if not settings.database_url:
        mistakes.append("DATABASE_URL: must be set, for example postgresql://localhost/nexus")
    if not settings.redis_url:
        mistakes.append("REDIS_URL: must be set, for example redis://localhost:6379/0")
    if settings.key_encryption_key_file:
        try:
            read_keys(settings)
        except KeyLockedError as error:
            mistakes.append(str(error))
    elif not settings.key_encryption_key.get_secret_value():
        mistakes.append("KEY_ENCRYPTION_KEY: must be set, 32 random bytes in base64")
    if (settings.fault_plan or settings.fault_clock) and settings.environment != "test":
        mistakes.append("FAULT_PLAN, FAULT_CLOCK: are for ENVIRONMENT=test only; given: one")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
