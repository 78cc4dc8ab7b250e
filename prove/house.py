"""What is broken: PostgreSQL, Redis, the simulated exchange, each behind a proxy; the workers."""

import asyncio
import base64
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import make_url
from yarl import URL

from nexus.core.clock import now
from nexus.core.db import Database
from nexus.core.migrate import upgrade
from nexus.exchanges.vault import KeyPair
from nexus.local.embedded import (
    prepare_folder,
    start_postgres,
    start_redis,
    stop_postgres,
    stop_redis,
)
from nexus.local.processes import LEASH
from nexus.pipeline.crowd import gather_crowd
from nexus.settings import Settings
from prove.proxy import Proxy

WORKERS = 3
BALANCE = Decimal(10_000)
RESTART_SECONDS = 0.5
LIVES = ("sent=0.4", "recorded=0.4", "claimed:end=0.2", "claimed=0.1", "swept=0.1", "")
"""What the workers' lives end by, in turn: each at its own point, the last one at none."""
REACHED = "fault reached="

TRADING = {
    "ENVIRONMENT": "test",
    "STRATEGIES": "prove.restless:restless",
    "SYMBOLS": "BTC/USDT,ETH/USDT",
    "TIMEFRAME": "1s",
    "TICK_SECONDS": "5",
    "MARKET_HISTORY_CANDLES": "60",
    "MARKET_STALE_SECONDS": "15",
    "REGIME_FAST": "2",
    "REGIME_SLOW": "3",
    "REGIME_ADX": "2",
    "REGIME_ADX_MIN": "0",
    "REGIME_CRASH_DROP_PERCENT": "90",
    "GATE_ENTRY_REGIMES": "bullish,sideways,bearish",
    "GATE_GAP_CANDLES": "0",
    "STRATEGY_FAST": "2",
    "STRATEGY_SLOW": "3",
    "SLIPPAGE_CAP_BPS": "1000",
    "RECV_WINDOW_MS": "5000",
    "RESTING_STOPS": "true",
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "info",
}
"""Numbers with which every candle brings a decision, and the gate closes only for lack of data."""


@dataclass
class House:
    """Everything that runs, and the way to each part of it."""

    folder: Path
    database: Database
    """Straight to the server, past the proxy: what is asked here is not disturbed."""
    redis: Redis
    exchange_url: str
    http: aiohttp.ClientSession
    doors: dict[str, Proxy]
    """By name: `postgres`, `redis`, `exchange`."""
    environment: dict[str, str]
    seed: int
    workers: list[asyncio.subprocess.Process] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    """How often workers ended, by how."""
    deaths: list[tuple[str, datetime]] = field(default_factory=list)
    """At which fault points workers ended, and when."""
    lives: int = 0
    fault_plans: Iterator[str] = field(default_factory=lambda: cycle(LIVES))
    """By which fault points the lives shall end; none when there are no more."""
    next_plans: list[str] = field(default_factory=list)
    """What the next lives shall end by, before the usual ones have their turn."""
    keep: bool = False
    """Whether its folder, with what the workers wrote, shall stay."""
    healed: bool = False
    """From then on no worker has a fault point any more."""
    bans: int = 0
    """How often we had the exchange ban us."""
    taken_away: set[int] = field(default_factory=set)
    secrets: list[str] = field(default_factory=list)
    """What nobody may read anywhere."""
    watchers: list[asyncio.Task[None]] = field(default_factory=list)
    keepers: list[asyncio.Task[None]] = field(default_factory=list)

    async def control(self, method: str, name: str, **body: Any) -> Any:
        """Ask the exchange's control interface."""
        address = f"{self.exchange_url}/simulator/{name}"
        async with self.http.request(method, address, json=body or None) as answer:
            answer.raise_for_status()
            return await answer.json()

    def clock_of(self, number: int) -> Path:
        """Name the file that says how far a worker's clock is off."""
        return self.folder / f"clock-{number}"

    def log_of(self, number: int) -> str:
        """Read what the lives of one worker have written."""
        path = self.folder / f"worker-{number}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def watch(self, watching: Coroutine[Any, Any, None]) -> None:
        """Let something be watched beside all else, until everything ends."""
        self.watchers.append(asyncio.create_task(watching))

    async def hire(self) -> None:
        """Start the workers; one that ends is replaced until `dismiss`."""
        self.workers = [await self._worker(number) for number in range(WORKERS)]
        self.keepers = [asyncio.create_task(self._keep(number)) for number in range(WORKERS)]

    async def dismiss(self) -> None:
        """End the workers as a deploy does, and wait for them."""
        beside = [*self.keepers, *self.watchers]
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        for worker in self.workers:
            if worker.returncode is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            try:
                await asyncio.wait_for(worker.wait(), 40)
            except TimeoutError:
                self.ends["stuck at the end"] += 1
                worker.kill()
                await worker.wait()

    async def _keep(self, number: int) -> None:
        while True:
            told = self.log_of(number).count(REACHED)
            code = await self.workers[number].wait()
            self._note_death(number, told)
            self.ends[signal.Signals(-code).name if code < 0 else f"exit {code}"] += 1
            await asyncio.sleep(RESTART_SECONDS)
            self.workers[number] = await self._worker(number)

    def _note_death(self, number: int, told: int) -> None:
        """Keep at which fault point a worker ended; its own last words say so."""
        words = self.log_of(number).split(REACHED)[1 + told :]
        self.deaths += [(word.split()[0], now()) for word in words]

    async def _worker(self, number: int) -> asyncio.subprocess.Process:
        plan = self._plan()
        self.lives += 1
        seed = self.seed * 1000 + self.lives
        with (self.folder / f"worker-{number}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(LEASH), str(os.getpid())),
                *(sys.executable, "-m", "nexus.cli", "worker"),
                env={
                    **self.environment,
                    "FAULT_PLAN": plan,
                    "FAULT_SEED": str(seed),
                    "FAULT_CLOCK": str(self.clock_of(number)),
                },
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _plan(self) -> str:
        """Say at which points the next life shall end."""
        if self.healed:
            return ""
        return self.next_plans.pop(0) if self.next_plans else next(self.fault_plans, "")


@asynccontextmanager
async def open_house(people: int, seed: int) -> AsyncIterator[House]:
    """Build it in a throwaway folder, let `people` in with two bots each, and tear it down."""
    folder = _throwaway_folder()
    nexus = prepare_folder(folder / "nexus")
    url, redis_url = start_postgres(nexus), start_redis(nexus)
    simulator, exchange_url = await _start_exchange(seed)
    doors = {
        "postgres": Proxy(_socket(url)),
        "redis": Proxy(("127.0.0.1", URL(redis_url).port or 0)),
        "exchange": Proxy(("127.0.0.1", URL(exchange_url).port or 0)),
    }
    keeps = False
    try:
        for door in doors.values():
            await door.start()
        upgrade(url)
        async with aiohttp.ClientSession() as http:
            house = House(
                folder=folder,
                database=Database(url, pool_size=4),
                redis=Redis.from_url(redis_url),
                exchange_url=exchange_url,
                http=http,
                doors=doors,
                environment=_environment(url, redis_url, doors),
                seed=seed,
            )
            try:
                await _let_in(house, people)
                yield house
            finally:
                keeps = house.keep
                await house.dismiss()
                await house.redis.aclose()
                await house.database.close()
    finally:
        for door in doors.values():
            await door.stop()
        simulator.terminate()
        await simulator.wait()
        stop_redis(nexus)
        stop_postgres(nexus, at_once=True)
        shutil.rmtree(nexus, ignore_errors=True)
        if not keeps:
            shutil.rmtree(folder, ignore_errors=True)


def _throwaway_folder() -> Path:
    """Make a folder with a short path, because that of a Unix socket may not be long."""
    folder = Path(tempfile.mkdtemp(prefix="nexus-prove-", dir="/tmp"))
    folder.chmod(0o711)  # Started by root, PostgreSQL's own account must pass through.
    return folder


def _socket(url: str) -> Path:
    """Name the Unix socket of a server given by `?host=/folder`."""
    folder = make_url(url).query["host"]
    return Path(str(folder)) / ".s.PGSQL.5432"


def _environment(url: str, redis_url: str, doors: dict[str, Proxy]) -> dict[str, str]:
    """Say to the workers where everything is: behind the proxies."""
    postgres = make_url(url).set(
        drivername="postgresql", host="127.0.0.1", port=doors["postgres"].port, query={}
    )
    exchange = f"http://127.0.0.1:{doors['exchange'].port}"
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        **TRADING,
        "DATABASE_URL": postgres.render_as_string(hide_password=False),
        "REDIS_URL": str(URL(redis_url).with_port(doors["redis"].port)),
        "EXCHANGE_URL": exchange,
        "MARKET_URL": exchange,
        "KEY_ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    }


async def _start_exchange(seed: int) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(LEASH), str(os.getpid())),
        *(sys.executable, "-m", "nexus.simulator", "--port=0", f"--seed={seed}"),
        f"--balance={BALANCE}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode().strip():
        if line.startswith("ready "):
            asyncio.get_running_loop().create_task(_drain(process.stderr))
            return process, line.removeprefix("ready ")
    raise RuntimeError("The simulated exchange did not start.")


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass


async def _let_in(house: House, people: int) -> None:
    """Make people with an account each on the exchange, and a bot on every symbol."""
    made = await house.control("POST", "accounts", count=people)
    keys = [KeyPair(one["key"], one["secret"]) for one in made]
    house.secrets = [house.environment["KEY_ENCRYPTION_KEY"]]
    house.secrets += [text for one in made for text in (one["key"], one["secret"])]
    settings = Settings(
        environment="test",
        symbols=tuple(TRADING["SYMBOLS"].split(",")),
        key_encryption_key=SecretStr(house.environment["KEY_ENCRYPTION_KEY"]),
    )
    async with house.database.transaction() as tx:
        await gather_crowd(
            tx,
            settings,
            count=people,
            keys=keys,
            balance=BALANCE,
            strategies=["restless"],
            seed=house.seed,
        )
