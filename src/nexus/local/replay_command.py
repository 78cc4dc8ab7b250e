"""What can be said on the command line? `nexus replay`, its options and its answer."""

import asyncio
import json
import re
import sys
from asyncio import CancelledError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from nexus.core.loop import fast_loop
from nexus.local.errors import LocalError
from nexus.local.replay import Options, replay_files
from nexus.settings import TIMEFRAMES, SettingsError
from nexus.simulator.errors import SimulatorError
from nexus.strategy.border import StrategyError

SYMBOL = re.compile(r"[A-Z0-9]+/[A-Z0-9]+")
MOST_SYMBOLS = 20
INTERRUPTED = 130
"""The exit code of a program that was told to stop."""


@click.command("replay")
@click.option(
    "--candles",
    "files",
    multiple=True,
    required=True,
    metavar="SYMBOL=FILE",
    help="Candles of a symbol, CSV or CSV.gz: open_time_ms,open,high,low,close,volume.",
)
@click.option(
    "--timeframe",
    type=click.Choice(list(TIMEFRAMES)),
    required=True,
    help="How long each candle of the files is.",
)
@click.option(
    "--accounts",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="How many people follow, each with an account and a bot per symbol.",
)
@click.option("--from", "first", metavar="ISO", help="Replay from this moment on (UTC).")
@click.option("--to", "last", metavar="ISO", help="Replay up to this moment (UTC).")
@click.option(
    "--exchange",
    type=click.Choice(["paper", "simulator"]),
    default="paper",
    show_default=True,
    help="Where they trade.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Decides the allocations.")
@click.option(
    "--trace",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.jsonl",
    help="Write one line per decision to this file; what it holds is overwritten.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".nexus"),
    show_default=True,
    help="Where the embedded PostgreSQL lies, when DATABASE_URL is not set.",
)
def replay_command(*, as_json: bool, **given: Any) -> None:
    """Run recorded candles through the very same pipeline; says what was decided and done.

    It is a replay, not a backtest: it reports no profit. It writes into a database of its own.
    """
    try:
        with asyncio.Runner(loop_factory=fast_loop()) as runner:
            report, mistakes = runner.run(replay_files(_options(**given)))
    except (LocalError, SimulatorError, SettingsError, StrategyError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except (KeyboardInterrupt, CancelledError):
        click.echo("Stopped. The replay's database has been dropped.", err=True)
        sys.exit(INTERRUPTED)
    _print(report, as_json=as_json)
    for mistake in mistakes:
        click.echo(f"The books disagree: {mistake}", err=True)
    sys.exit(1 if mistakes else 0)


def _options(
    *, files: tuple[str, ...], first: str | None, last: str | None, **rest: Any
) -> Options:
    paths: dict[str, Path] = {}
    for given in files:
        symbol, _, path = given.partition("=")
        if not SYMBOL.fullmatch(symbol) or not path:
            raise LocalError(f"--candles {given}: write it as BTC/USDT=FILE.")
        if symbol in paths:
            raise LocalError(f"--candles {given}: {symbol} is given twice. Give each symbol once.")
        paths[symbol] = Path(path)
    if len(paths) > MOST_SYMBOLS:
        raise LocalError(f"--candles: give at most {MOST_SYMBOLS} symbols.")
    trace: Path | None = rest.get("trace")
    if trace is not None and any(_is_same(trace, path) for path in paths.values()):
        raise LocalError(f"--trace {trace}: its candles are read from there. Choose another file.")
    return Options(files=paths, first=_moment("--from", first), last=_moment("--to", last), **rest)


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _moment(option: str, text: str | None) -> datetime | None:
    """Read an ISO date or moment; without a zone it is UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise LocalError(
            f"{option} {text}: write a date or moment like 2020-03-12 or 2020-03-12T10:00Z."
        ) from None


def _print(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report))
        return
    for name, value in report.items():
        shown = value
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {count}" for key, count in value.items()) or "none"
        click.echo(f"{name.replace('_', ' '):>17}  {shown}")
