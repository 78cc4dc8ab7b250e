"""How is a simulated exchange put together, started and stopped? Wiring only."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from aiohttp import web

from nexus.simulator.accounts import Account
from nexus.simulator.clock import Clock, ManualClock, RealClock
from nexus.simulator.errors import SimulatorError
from nexus.simulator.exchange import Exchange
from nexus.simulator.front import Front
from nexus.simulator.journal import Journal, StateFile
from nexus.simulator.limits import Governor, Limits
from nexus.simulator.market import GeneratedMarket, Market, ReplayedMarket, fresh_stretches
from nexus.simulator.restore import Remembered, remember, restore, resume_stretches

# 2026-01-01T00:00:00Z: where a manual clock starts when no file says otherwise.
MANUAL_START = 1_767_225_600_000
# How often resting orders meet the market when nobody asks anything, in seconds.
PULSE = 0.1
# How long a stop waits for open requests and connections to end, each in seconds.
GOODBYE = 0.4


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How one simulator runs. `replay` holds `[SYMBOL=]FILE` and makes `symbols` irrelevant."""

    host: str = "127.0.0.1"
    port: int = 0
    accounts: int = 0
    seed: int = 1
    symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")
    replay: tuple[str, ...] = ()
    speed: float = 1.0
    manual_clock: bool = False
    state: Path | None = None
    balance: Decimal = Decimal(10_000)
    limits: Limits = field(default_factory=Limits)


class RunningSimulator:
    """A simulator that answers at `url` until it is stopped."""

    def __init__(self, exchange: Exchange, runner: web.ServerRunner, url: str) -> None:
        self.exchange = exchange
        self.url = url
        self._runner = runner
        self._pulse = asyncio.create_task(self._beat())

    @property
    def accounts(self) -> list[Account]:
        return list(self.exchange.accounts.values())

    async def stop(self) -> None:
        """Close the door, then the state file; what was answered is already written."""
        self._pulse.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pulse
        await self.exchange.streams.close_all(GOODBYE)
        await self._runner.cleanup()
        self.exchange.note_alive()
        self.exchange.journal.state.close()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PULSE)
            self.exchange.advance()
            self.exchange.streams.cut_old(self.exchange.now())


async def start_simulator(options: SimulatorOptions) -> RunningSimulator:
    """Start answering on `options.host:port` (0: a free port).

    Raises SimulatorError with one clear sentence when the port, a file or the state says no.
    """
    exchange = build_exchange(options)
    server = web.Server(Front(exchange).answer, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=GOODBYE)
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port, backlog=4_096)
    try:
        await site.start()
    except OSError as problem:
        await runner.cleanup()
        exchange.journal.state.close()
        message = (
            f"Port {options.port} on {options.host} cannot be used ({problem.strerror}); "
            "choose another with --port."
        )
        raise SimulatorError(message) from problem
    port = runner.addresses[0][1]
    return RunningSimulator(exchange, runner, f"http://{options.host}:{port}")


def build_exchange(options: SimulatorOptions) -> Exchange:
    """Make the exchange without a door: market, clock, remembered state, accounts."""
    # Locked before it is read: reading cuts off a half-written last line.
    state = StateFile(options.state)
    try:
        return _build_exchange(options, Journal(state))
    except BaseException:
        state.close()
        raise


def _build_exchange(options: SimulatorOptions, journal: Journal) -> Exchange:
    found = remember(options.state, options.seed)
    clock, market = _build_market(options, found)
    exchange = Exchange(
        seed=options.seed,
        clock=clock,
        market=market,
        governor=Governor(options.limits),
        journal=journal,
        balance=options.balance,
    )
    if found.seed is None:
        journal.note("open", {"seed": options.seed})
    restore(exchange, found)
    if isinstance(market, GeneratedMarket) and len(market.stretches) > len(found.stretches):
        exchange.note_stretches()
    lacking = options.accounts - len(exchange.accounts)
    exchange.create_accounts(max(lacking, 0))
    exchange.note_alive()
    return exchange


def _build_market(options: SimulatorOptions, found: Remembered) -> tuple[Clock, Market]:
    if options.replay:
        return _replayed(options, found)
    clock: Clock = RealClock()
    if options.manual_clock:
        clock = ManualClock(found.alive_at or MANUAL_START)
    now = clock.now()
    stretches = resume_stretches(found, now) or fresh_stretches(now)
    return clock, GeneratedMarket(options.seed, list(options.symbols), stretches, now)


def _replayed(options: SimulatorOptions, found: Remembered) -> tuple[Clock, Market]:
    market = ReplayedMarket(list(options.replay))
    start = found.market_at or market.starts
    clock: Clock = ManualClock(start) if options.manual_clock else RealClock(start, options.speed)
    market.advance(start)
    return clock, market
