"""Which simulators can a simulator test ask for?"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator
from tests.simulator.client import Client

Start = Callable[[SimulatorOptions], Awaitable[Client]]
HOUR = 3_600_000
# 2020-03-12T00:00:00Z
MARCH = 1_583_971_200_000


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Lend a function that starts a simulator and gives its first account's client."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def begin(options: SimulatorOptions) -> Client:
            running = await start_simulator(options)
            stack.push_async_callback(running.stop)
            account = running.accounts[0] if running.accounts else None
            return Client(session, running, account)

        yield begin


@pytest.fixture
async def client(start: Start) -> Client:
    """Lend an exchange whose clock stands still: prices move only when a test says so."""
    return await start(SimulatorOptions(accounts=2, seed=7, manual_clock=True))


@pytest.fixture
async def live(start: Start) -> RunningSimulator:
    """Lend an exchange on real time, as other people's clients expect it."""
    return (await start(SimulatorOptions(accounts=2, seed=7))).running


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Lend three recorded hours with a gap of one hour before the third."""
    path = tmp_path / "BTCUSDT-1h.csv"
    path.write_text(
        "open_time_ms,open,high,low,close,volume\n"
        f"{MARCH},8000.00,8100.00,7900.00,8050.00,12.5\n"
        f"{MARCH + HOUR},8051.00,8060.00,7000.00,7100.00,90\n"
        f"{MARCH + 3 * HOUR},7200.00,7300.00,7150.00,7250.00,40\n"
    )
    return path
