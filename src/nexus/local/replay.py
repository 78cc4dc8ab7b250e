"""How does a replay run on one machine? Files in, counts out, nothing kept."""

import asyncio
import base64
import gc
import secrets
import signal
import sys
import time
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from nexus.core import clock, log
from nexus.core.db import Database
from nexus.exchanges.filters import store_filters
from nexus.exchanges.market_data import MarketSource
from nexus.exchanges.refresh import refresh_all_filters
from nexus.exchanges.registry import Exchanges, open_exchanges, open_market_sources
from nexus.execution.broker import Broker
from nexus.local.errors import LocalError
from nexus.local.history import History, read_history
from nexus.local.lent import lend_database
from nexus.local.lent_simulator import LentSimulator, lend_simulator
from nexus.market.observe import Observer
from nexus.market.queries import prices_of
from nexus.pipeline.audit import Audit, audit, paper_orders
from nexus.pipeline.crowd import gather_crowd
from nexus.pipeline.desk import Desk
from nexus.pipeline.history import RecordedMarket
from nexus.pipeline.replay import BellOfOne, ReplayCounts, replay
from nexus.settings import Settings, load_settings
from nexus.strategy.border import load_strategies

BALANCE = Decimal(10_000)
SWEPT_TICK_SECONDS = 30
"""As seldom a tick as allowed: a replay's tick may then read the candles of 20 symbols."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    files: dict[str, Path]
    timeframe: str
    accounts: int
    first: datetime | None
    last: datetime | None
    exchange: str
    seed: int
    trace: Path | None
    folder: Path


async def replay_files(options: Options) -> tuple[dict[str, Any], list[str]]:
    """Replay as asked; gives the report, and what the books disagree on.

    Raises LocalError, SimulatorError, SettingsError or StrategyError with a sentence.
    """
    _stop_on_signals()
    started = time.monotonic()
    history = read_history(options.files, options.timeframe, options.first, options.last)
    settings = _settings(options)
    log.configure(settings)
    async with AsyncExitStack() as stack:
        trace = stack.enter_context(_open_trace(options.trace))
        url = await stack.enter_async_context(
            lend_database(load_settings().database_url, options.folder)
        )
        simulator = None
        if options.exchange == "simulator":
            simulator = await stack.enter_async_context(lend_simulator(options.files, options.seed))
            settings = settings.model_copy(
                update={"exchange_url": simulator.url, "market_url": simulator.url}
            )
        database = Database(url, pool_size=4, pooled_elsewhere=False, may_go_away=False)
        stack.push_async_callback(database.close)
        stage = await _set_up(stack, options, settings, history, database, simulator=simulator)
        counts = await _replay(history, stage, simulator, trace)
        judged = await _judge(database, simulator)
    report = _report(options, history, counts, judged, time.monotonic() - started)
    return report, judged.mistakes


def _stop_on_signals() -> None:
    """End in order when told to, so that the database is dropped and no process is left."""
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, lambda: task and task.cancel())


def _settings(options: Options) -> Settings:
    """Take the trading numbers from the environment, and everything else from the replay."""
    return load_settings().model_copy(
        update={
            "environment": "test",
            "symbols": tuple(options.files),
            "timeframe": options.timeframe,
            "tick_seconds": SWEPT_TICK_SECONDS,
            # Its looks are a candle apart, and nothing is lost between them.
            "gate_calm_seconds": 0,
            "key_encryption_key": SecretStr(base64.b64encode(secrets.token_bytes(32)).decode()),
        }
    )


@dataclass(frozen=True)
class Stage:
    """Everything a replay plays on."""

    desk: Desk
    broker: Broker
    exchanges: Exchanges


async def _set_up(
    stack: AsyncExitStack,
    options: Options,
    settings: Settings,
    history: History,
    database: Database,
    *,
    simulator: LentSimulator | None,
) -> Stage:
    """Build the pipeline as a worker does, and let the people in."""
    exchanges = open_exchanges(settings, database, None, prices_of(database))
    stack.push_async_callback(exchanges.close)
    sources = _open_sources(settings, history, simulator)
    for source in sources:
        stack.push_async_callback(source.close)
    bell = BellOfOne()
    broker = Broker(database, exchanges, bell, settings, worker="replay")
    strategies = load_strategies(settings.strategies, settings)
    observer = Observer(database, sources, settings)
    desk = Desk(database, observer, strategies, bell, settings, worker="replay")
    bell.context.update({"broker": broker, "desk": desk})
    with clock.use(clock.SetClock(history.moments[0])):
        await _let_people_in(options, desk, exchanges, simulator)
    return Stage(desk, broker, exchanges)


def _open_sources(
    settings: Settings, history: History, simulator: LentSimulator | None
) -> list[MarketSource]:
    """Read the market from the files, or from the exchange where that replays them."""
    if simulator is None:
        return [RecordedMarket(history.candles, history.timeframe)]
    return open_market_sources(settings, None)


async def _let_people_in(
    options: Options, desk: Desk, exchanges: Exchanges, simulator: LentSimulator | None
) -> None:
    venue = "paper" if simulator is None else "binance"
    keys = []
    if simulator is not None:
        await simulator.move(clock.now())
        keys = await simulator.new_keys(options.accounts)
    filters = await exchanges[venue].filters(desk.settings.symbols)
    async with desk.database.transaction() as tx:
        await store_filters(tx, venue, filters)
        await gather_crowd(
            tx,
            desk.settings,
            count=options.accounts,
            keys=keys,
            balance=BALANCE,
            strategies=[strategy.name for strategy in desk.strategies],
            seed=options.seed,
        )


async def _replay(
    history: History, stage: Stage, simulator: LentSimulator | None, trace: TextIO | None
) -> ReplayCounts:
    """Replay, with a progress bar on a terminal."""
    bar = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    # What stands now stands to the end: looking through it for garbage again and again is waste.
    gc.freeze()
    with bar:
        task = bar.add_task("Replaying", total=len(history.moments))
        return await replay(
            stage.desk,
            stage.broker,
            history.moments,
            move_market=None if simulator is None else partial(_move, stage, simulator),
            trace=trace,
            progress=lambda done: bar.update(task, completed=done),
        )


async def _move(stage: Stage, simulator: LentSimulator, moment: datetime) -> None:
    """Move the exchange on, and read what it demands and trades now, as a worker keeps doing."""
    await simulator.move(moment)
    desk = stage.desk
    await refresh_all_filters(desk.database, stage.exchanges, desk.settings.symbols)


def _open_trace(path: Path | None) -> AbstractContextManager[TextIO | None]:
    """Open the file the trace goes to, before any work is done."""
    if path is None:
        return nullcontext()
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise LocalError(f"--trace {path}: {error.strerror}. Choose another file.") from None


async def _judge(database: Database, simulator: LentSimulator | None) -> Audit:
    """Compare the ledger with the venue's own record."""
    async with database.transaction() as tx:
        accepted = await paper_orders(tx)
        if simulator is not None:
            accepted = await simulator.accepted_orders()
        return await audit(tx, accepted)


def _report(
    options: Options, history: History, counts: ReplayCounts, judged: Audit, seconds: float
) -> dict[str, Any]:
    return {
        "candles": history.count(),
        "gaps": history.gaps(),
        "ticks": counts.ticks,
        "regimes": dict(sorted(counts.regimes.items())),
        "decisions": dict(sorted(counts.decisions.items())),
        "blocked": dict(sorted(counts.blocked.items())),
        "plans": judged.plans,
        "orders": judged.orders,
        "fills": judged.fills,
        "duplicate_orders": judged.duplicate_orders,
        "orphan_orders": judged.orphan_orders,
        "market_calls": counts.market_calls,
        "exchange": options.exchange,
        "wall_seconds": round(seconds, 2),
    }
