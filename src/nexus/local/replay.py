"""How does a replay run on one machine? `nexus replay`: files in, counts out, nothing kept."""

import base64
import json
import secrets
import sys
import time
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import click
import uvloop
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from nexus.core import clock
from nexus.core.db import Database
from nexus.exchanges.filters import store_filters
from nexus.exchanges.market_data import MarketSource, RawCandle
from nexus.exchanges.registry import Exchanges, open_exchanges, open_market_sources
from nexus.execution.broker import Broker
from nexus.local.errors import LocalError
from nexus.local.lent import lend_database
from nexus.local.lent_simulator import LentSimulator, lend_simulator
from nexus.market.observe import Observer
from nexus.market.queries import prices_of
from nexus.pipeline.audit import Audit, audit, paper_orders
from nexus.pipeline.crowd import gather_crowd
from nexus.pipeline.desk import Desk
from nexus.pipeline.history import RecordedMarket, count_gaps
from nexus.pipeline.replay import BellOfOne, ReplayCounts, moments_of, replay
from nexus.settings import TIMEFRAMES, Settings, SettingsError, load_settings
from nexus.simulator.errors import SimulatorError
from nexus.simulator.replay import read_candles
from nexus.strategy.border import StrategyError, load_strategies

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
    as_json: bool
    folder: Path


@dataclass(frozen=True)
class History:
    """The recorded candles of every symbol, and the moments to tick at."""

    candles: dict[str, list[RawCandle]]
    timeframe: timedelta
    moments: list[datetime]

    def within(self) -> dict[str, list[RawCandle]]:
        """Give the candles that are replayed; earlier ones only warm the indicators."""
        first, last = self.moments[0] - self.timeframe, self.moments[-1] - self.timeframe
        return {
            symbol: [c for c in rows if first <= c.open_time <= last]
            for symbol, rows in self.candles.items()
        }


class ReplayCommandError(Exception):
    """The replay cannot be done as asked; a sentence says why."""


@click.command("replay")
@click.option(
    "--candles",
    "files",
    multiple=True,
    required=True,
    metavar="SYMBOL=FILE",
    help="Candles of a symbol, CSV or CSV.gz: open_time_ms,open,high,low,close,volume.",
)
@click.option("--timeframe", type=click.Choice(list(TIMEFRAMES)), required=True)
@click.option("--accounts", type=click.IntRange(1, 100_000), default=100, show_default=True)
@click.option("--from", "first", metavar="ISO", help="Replay from this moment on (UTC).")
@click.option("--to", "last", metavar="ISO", help="Replay up to this moment (UTC).")
@click.option(
    "--exchange", type=click.Choice(["paper", "simulator"]), default="paper", show_default=True
)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides the allocations.")
@click.option("--trace", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.jsonl")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".nexus"),
    show_default=True,
    help="Where the embedded PostgreSQL lies, when DATABASE_URL is not set.",
)
def replay_command(**given: Any) -> None:
    """Run recorded candles through the very same pipeline; says what was decided and done.

    It is a replay, not a backtest: it reports no profit. It writes into a database of its own.
    """
    try:
        options = _options(**given)
        report, mistakes = uvloop.run(_run(options))
    except (ReplayCommandError, SimulatorError, SettingsError, StrategyError, LocalError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    _print(report, as_json=options.as_json)
    for mistake in mistakes:
        click.echo(f"The books disagree: {mistake}", err=True)
    sys.exit(1 if mistakes else 0)


def _options(
    *, files: tuple[str, ...], first: str | None, last: str | None, **rest: Any
) -> Options:
    paths: dict[str, Path] = {}
    for given in files:
        symbol, equals, path = given.partition("=")
        if not equals or "/" not in symbol:
            raise ReplayCommandError(f"--candles {given}: write it as BTC/USDT=FILE.")
        if symbol in paths:
            raise ReplayCommandError(f"--candles {given}: {symbol} is given twice.")
        paths[symbol] = Path(path)
    return Options(files=paths, first=_moment("--from", first), last=_moment("--to", last), **rest)


def _moment(option: str, text: str | None) -> datetime | None:
    """Read an ISO date or moment; without a zone it is UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ReplayCommandError(
            f"{option} {text}: write a date or moment like 2020-03-12 or 2020-03-12T10:00Z."
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


async def _run(options: Options) -> tuple[dict[str, Any], list[str]]:
    """Replay as asked; gives the report, and what the books disagree on."""
    started = time.monotonic()
    history = _read_history(options)
    settings = _settings(options)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(
            lend_database(load_settings().database_url, options.folder)
        )
        simulator = None
        if options.exchange == "simulator":
            simulator = await stack.enter_async_context(lend_simulator(options.files, options.seed))
            settings = settings.model_copy(
                update={"exchange_url": simulator.url, "market_url": simulator.url}
            )
        database = Database(url, pool_size=4, pooled_elsewhere=False)
        stack.push_async_callback(database.close)
        stage = await _set_up(stack, options, settings, history, database, simulator)
        counts = await _replay(options, history, stage, simulator)
        judged = await _judge(database, simulator)
    report = _report(options, history, counts, judged, time.monotonic() - started)
    return report, judged.mistakes


def _read_history(options: Options) -> History:
    """Read the files; refuse what cannot be replayed, with the line number where there is one."""
    timeframe = timedelta(seconds=TIMEFRAMES[options.timeframe])
    candles = {
        symbol: [
            RawCandle(clock.from_ms(c.time), c.open, c.high, c.low, c.close, c.volume)
            for c in read_candles(path)
        ]
        for symbol, path in options.files.items()
    }
    for symbol, rows in candles.items():
        if not rows:
            raise ReplayCommandError(f"{options.files[symbol]}: line 2: the file has no candles.")
        for number, row in enumerate(rows, start=2):
            if clock.to_ms(row.open_time) % (TIMEFRAMES[options.timeframe] * 1000):
                raise ReplayCommandError(
                    f"{options.files[symbol]}: line {number}: {row.open_time.isoformat()} is not"
                    f" the start of a {options.timeframe} candle. Is --timeframe right?"
                )
    first = options.first or min(rows[0].open_time for rows in candles.values())
    last = options.last or max(rows[-1].open_time for rows in candles.values())
    first = first + (datetime.min.replace(tzinfo=UTC) - first) % timeframe
    moments = moments_of(first, last, timeframe)
    if not moments:
        raise ReplayCommandError("There is no candle between --from and --to.")
    return History(candles, timeframe, moments)


def _settings(options: Options) -> Settings:
    """Take the trading numbers from the environment, and everything else from the replay."""
    return load_settings().model_copy(
        update={
            "environment": "test",
            "symbols": tuple(options.files),
            "timeframe": options.timeframe,
            "tick_seconds": SWEPT_TICK_SECONDS,
            "key_encryption_key": SecretStr(base64.b64encode(secrets.token_bytes(32)).decode()),
        }
    )


@dataclass(frozen=True)
class Stage:
    """Everything a replay plays on."""

    desk: Desk
    broker: Broker


async def _set_up(
    stack: AsyncExitStack,
    options: Options,
    settings: Settings,
    history: History,
    database: Database,
    simulator: LentSimulator | None,
) -> Stage:
    """Build the pipeline as a worker does, and let the people in."""
    exchanges = open_exchanges(settings, database, None, prices_of(database))
    stack.push_async_callback(exchanges.close)
    sources: list[MarketSource] = [RecordedMarket(history.candles, history.timeframe)]
    if simulator is not None:
        sources = open_market_sources(settings, None)
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
    return Stage(desk, broker)


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
    options: Options, history: History, stage: Stage, simulator: LentSimulator | None
) -> ReplayCounts:
    """Replay with a progress bar on a terminal, and a trace where one is wanted."""
    bar = Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    with bar, _open_trace(options.trace) as trace:
        task = bar.add_task("Replaying", total=len(history.moments))
        return await replay(
            stage.desk,
            stage.broker,
            history.moments,
            move_market=None if simulator is None else simulator.move,
            trace=trace,
            progress=lambda done: bar.update(task, completed=done),
        )


def _open_trace(path: Path | None) -> AbstractContextManager[TextIO | None]:
    """Open the file the trace goes to, before any work is done."""
    if path is None:
        return nullcontext()
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise ReplayCommandError(f"--trace {path}: {error.strerror}.") from None


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
    replayed = history.within()
    return {
        "candles": sum(len(rows) for rows in replayed.values()),
        "gaps": sum(count_gaps(rows, history.timeframe) for rows in replayed.values()),
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


def _print(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report))
        return
    for name, value in report.items():
        shown = value
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {count}" for key, count in value.items()) or "none"
        click.echo(f"{name.replace('_', ' '):>17}  {shown}")
