"""Where do thousands of accounts trade? On a simulated exchange with the real limits.

It, the worker, PostgreSQL and Valkey are processes of their own. The worker is `nexus worker` as
in production, with its queue, ticks, sweeps and rounds; only its strategy is ours. Keys are
sealed for real. PostgreSQL does not wait for its disk.
"""

import asyncio
import base64
import json
import os
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import aiohttp
from sqlalchemy import exists, select

from nexus.core.db import Database
from nexus.core.migrate import upgrade
from nexus.exchanges.refresh import refresh_all_filters
from nexus.exchanges.registry import open_exchanges
from nexus.exchanges.vault import KeyPair
from nexus.execution.last_look import last_look
from nexus.local.lent_simulator import LentSimulator
from nexus.market.queries import prices_of
from nexus.pipeline.crowd import gather_crowd
from nexus.pipeline.models import TickSlot
from nexus.settings import Settings
from tests.databases import PostgresServer

ROOT = Path(__file__).parents[1]
SYMBOL = "BTC/USDT"
BALANCE = Decimal(10_000)
START_SECONDS = 120
WORKER = "from nexus.cli import main; main()"


@dataclass(frozen=True)
class Stage:
    """One exchange and one worker, with everybody's accounts."""

    settings: Settings
    database: Database
    simulator: LentSimulator
    keys: list[KeyPair]
    log: Path

    async def stats(self) -> dict[str, Any]:
        """Read what the exchange has counted."""
        url = f"{self.simulator.url}/simulator/stats"
        async with self.simulator.session.get(url) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def move_away(self, latency_ms: int) -> None:
        """Let the exchange take so long for every answer to an order."""
        fault = {
            "kind": "latency", "where": "POST /api/v3/order", "times": None,
            "seconds": latency_ms / 1000,
        }  # fmt: skip
        url = f"{self.simulator.url}/simulator/faults"
        async with self.simulator.session.post(url, json=fault) as answer:
            answer.raise_for_status()

    def complaints(self) -> Counter[str]:
        """Count what the worker logged as a warning or worse, by its name."""
        told: Counter[str] = Counter()
        for line in _told(self.log).splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {}
            told[entry.get("event", "a line that is not ours")] += 1
        return told


@asynccontextmanager
async def open_stage(
    postgres: PostgresServer,
    redis_url: str,
    accounts: int,
    environment: Mapping[str, str],
    workers: int = 1,
) -> AsyncIterator[Stage]:
    """Lend a stage on which workers run; `redis_url` is for it alone."""
    name = f"bench_{secrets.token_hex(4)}"
    postgres.create(name)
    upgrade(postgres.url(name))
    with tempfile.TemporaryDirectory() as folder:
        async with _simulator() as url, aiohttp.ClientSession() as session:
            simulator = LentSimulator(url, session)
            values = {**_environment(postgres.url(name), redis_url, url), **environment}
            settings = Settings.model_validate({key.lower(): values[key] for key in values})
            database = Database(settings.database_url, pool_size=4)
            try:
                keys = await simulator.new_keys(accounts)
                await _let_people_in(settings, database, keys)
                log = Path(folder) / "worker.log"
                async with _workers(values, log, workers) as processes:
                    await _first_tick(database, processes, log)
                    yield Stage(settings, database, simulator, keys, log)
            finally:
                await database.close()


def _environment(database_url: str, redis_url: str, exchange_url: str) -> dict[str, str]:
    return {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url.replace("postgresql+psycopg", "postgresql"),
        "REDIS_URL": redis_url,
        "EXCHANGE_URL": exchange_url,
        "MARKET_URL": exchange_url,
        "KEY_ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "warning",
        "SYMBOLS": SYMBOL,
        "TICK_SECONDS": "5",
        "MARKET_HISTORY_CANDLES": "100",
        # The gate is open, whatever the invented market does: what is measured is what it lets by.
        "REGIME_FAST": "5",
        "REGIME_SLOW": "15",
        "REGIME_DWELL_CANDLES": "1",
        "REGIME_CRASH_DROP_PERCENT": "50",
        "GATE_ENTRY_REGIMES": "bullish,sideways,bearish",
        "GATE_CALM_SECONDS": "0",
        "SLIPPAGE_CAP_BPS": "1000",
        "DAILY_NOTIONAL_CAPS": "USDT=100000000",
    }


async def _let_people_in(settings: Settings, database: Database, keys: list[KeyPair]) -> None:
    exchanges = open_exchanges(settings, database, None, prices_of(database), last_look(database))
    try:
        await refresh_all_filters(database, exchanges, settings.symbols)
        async with database.transaction() as tx:
            await gather_crowd(
                tx,
                settings,
                count=len(keys),
                keys=keys,
                balance=BALANCE,
                strategies=["metronome"],
                seed=1,
            )
    finally:
        await exchanges.close()


@asynccontextmanager
async def _simulator() -> AsyncIterator[str]:
    """Run the exchange with the limits that Binance announces; gives its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nexus.simulator", "--port=0"),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        told = (await process.stderr.readline()).decode().strip()
        if not told.startswith("ready "):
            raise RuntimeError(f"The simulated exchange did not start: {told}")
        yield told.removeprefix("ready ")
    finally:
        await _end(process)


@asynccontextmanager
async def _workers(
    values: Mapping[str, str], log: Path, count: int
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    with log.open("ab") as output:
        processes = [await _start_worker(values, output) for _ in range(count)]
        try:
            yield processes
        finally:
            await asyncio.gather(*map(_end, processes))


async def _start_worker(values: Mapping[str, str], output: IO[bytes]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, "worker"),
        env={**os.environ, **values},
        # From here the worker finds the strategies of this folder.
        cwd=ROOT,
        stderr=output,
    )


async def _first_tick(
    database: Database, processes: Sequence[asyncio.subprocess.Process], log: Path
) -> None:
    """Wait until the market has been looked at once."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            if any(process.returncode is not None for process in processes):
                raise RuntimeError(f"The worker did not start: {_told(log)}")
            async with database.transaction() as tx:
                done = exists().where(TickSlot.finished_at.is_not(None))
                if await tx.scalar(select(done)):
                    return
            await asyncio.sleep(0.2)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


def _told(log: Path) -> str:
    return log.read_text()
