"""`nexus simulator`: which options does it take, and how does it start and end?"""

import asyncio
import json
import signal
from decimal import Decimal
from pathlib import Path

import click

from nexus.core.loop import fast_loop
from nexus.simulator.errors import SimulatorError
from nexus.simulator.limits import Limits
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator

USUAL = Limits()
LEAST_BALANCE = Decimal(10_000)


@click.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8900,
    show_default=True,
    help="Port; 0 chooses a free one.",
)
@click.option("--accounts", type=click.IntRange(0), default=0, help="Open at least N accounts.")
@click.option("--print-accounts", is_flag=True, help="One JSON line per account, then serve.")
@click.option("--seed", default=1, show_default=True, help="Decides market and accounts.")
@click.option("--symbols", default="BTCUSDT,ETHUSDT", show_default=True, help="Pairs to invent.")
@click.option("--replay", multiple=True, metavar="[SYMBOL=]FILE", help="Candles to replay.")
@click.option("--speed", type=click.FloatRange(0, min_open=True), help="Market s per real s.")
@click.option("--clock", type=click.Choice(["real", "manual"]), default="real", show_default=True)
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Remember here.")
@click.option("--balance", default="10000", show_default=True, help="USDT of a new account.")
@click.option("--weight-limit", type=click.IntRange(1), default=USUAL.weight, show_default=True)
@click.option("--order-limit", type=click.IntRange(1), default=USUAL.orders_10s, show_default=True)
@click.option(
    "--order-day-limit", type=click.IntRange(1), default=USUAL.orders_day, show_default=True
)
def simulator(  # noqa: PLR0913 - one argument per option of the command line
    *,
    host: str,
    port: int,
    accounts: int,
    print_accounts: bool,
    seed: int,
    symbols: str,
    replay: tuple[str, ...],
    speed: float | None,
    clock: str,
    state: Path | None,
    balance: str,
    weight_limit: int,
    order_limit: int,
    order_day_limit: int,
) -> None:
    """Run a Binance-compatible spot exchange to trade against without risk."""
    if speed is not None and (not replay or clock == "manual"):
        message = "--speed needs --replay and a real clock; leave it out."
        raise click.UsageError(message)
    options = SimulatorOptions(
        host=host,
        port=port,
        accounts=accounts,
        seed=seed,
        symbols=tuple(name.strip().replace("/", "").upper() for name in symbols.split(",")),
        replay=replay,
        speed=1.0 if speed is None else speed,
        manual_clock=clock == "manual",
        state=state,
        balance=_read_balance(balance),
        limits=Limits(weight=weight_limit, orders_10s=order_limit, orders_day=order_day_limit),
    )
    try:
        _run(options, print_accounts=print_accounts)
    except SimulatorError as problem:
        raise click.ClickException(str(problem)) from problem


def _read_balance(text: str) -> Decimal:
    if not text.replace(".", "", 1).isdecimal() or Decimal(text) < LEAST_BALANCE:
        message = f"--balance is {text!r}; give an amount of USDT of at least {LEAST_BALANCE}."
        raise click.UsageError(message)
    return Decimal(text)


def _run(options: SimulatorOptions, *, print_accounts: bool) -> None:
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(_serve(options, print_accounts=print_accounts))


async def _serve(options: SimulatorOptions, *, print_accounts: bool) -> None:
    running = await start_simulator(options)
    if print_accounts:
        _print_accounts(running)
    click.echo(f"ready {running.url}", err=True)
    await _wait_for_signal()
    await running.stop()


def _print_accounts(running: RunningSimulator) -> None:
    for account in running.accounts:
        click.echo(json.dumps({"key": account.key, "secret": account.secret}))


async def _wait_for_signal() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    await ended.wait()
