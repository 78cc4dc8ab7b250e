"""How do the journeys run the real thing? `nexus up` in a folder of its own, stopped by Ctrl-C."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from nexus.accounts.register import create_user
from nexus.billing.models import Entitlement
from nexus.bots.start import create_bot
from nexus.core.db import Database
from nexus.exchanges.connect import open_paper_account
from nexus.local.embedded import postgres_pid, redis_pid, start_postgres
from nexus.settings import Settings

START_SECONDS = 180
STOP_SECONDS = 30
PASSWORD = "a password for the journeys"

numbers = count(1)


@dataclass(frozen=True)
class Customer:
    """Somebody besides the demo's person."""

    email: str
    password: str
    account: int
    bot: int


@dataclass
class Product:
    """All of Nexus, running."""

    folder: Path
    process: subprocess.Popen[bytes]
    url: str = ""
    email: str = ""
    password: str = ""

    @property
    def home(self) -> Path:
        return self.folder / ".nexus"

    @property
    def said(self) -> str:
        """What it wrote to its terminal."""
        return (self.folder / "terminal.txt").read_text()

    def wait_until_ready(self) -> None:
        """Wait for the ready file, and learn from it how to get in."""
        deadline, ready = time.monotonic() + START_SECONDS, self.home / "ready.json"
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"`nexus up` did not become ready:\n{self.said}")
            time.sleep(0.1)
        told = json.loads(ready.read_text())
        self.url, self.email, self.password = told["url"], told["email"], told["password"]

    def processes(self) -> list[psutil.Process]:
        """Give every process there is because of this run."""
        ours = psutil.Process(self.process.pid)
        servers = [postgres_pid(self.home), redis_pid(self.home)]
        found = [ours, *ours.children(recursive=True)]
        for pid in servers:
            if pid is not None:
                server = psutil.Process(pid)
                found += [server, *server.children(recursive=True)]
        return found

    def stop(self) -> None:
        """Press Ctrl-C; fail when it does not end in order, or leaves a process behind."""
        running = self.processes()
        assert len(running) > 5, "worker, pages, exchange and two servers must have been found"
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(STOP_SECONDS) == 0, self.said
        _, left = psutil.wait_procs(running, timeout=5)
        assert not left, f"still running: {left}"
        assert "Traceback" not in self.said, self.said

    async def add_customer(self) -> Customer:
        """Make somebody with a paper account and one running bot on BTC/USDT."""
        database = Database(await asyncio.to_thread(start_postgres, self.home), pool_size=1)
        email = f"customer-{next(numbers)}@nexus.example"
        async with database.transaction() as tx:
            person = await create_user(tx, email, PASSWORD, "Customer")
            tx.add(Entitlement(user_id=person, tier="pro"))
            account = await open_paper_account(tx, person, "Practice", Decimal(5000))
            bot = await create_bot(
                tx, user_id=person, account_id=account, strategy="trend", symbol="BTC/USDT",
                allocation=Decimal(500),
            )  # fmt: skip
        await database.close()
        return Customer(email, PASSWORD, account, bot.id)


@contextmanager
def running_product() -> Iterator[Product]:
    """Run `nexus up` as somebody at a terminal does, in an empty folder."""
    folder = Path(tempfile.mkdtemp(prefix="nexus-e2e-"))
    # Root's PostgreSQL runs as another account, which must be able to pass through.
    folder.chmod(0o755)
    ours = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    with (folder / "terminal.txt").open("wb") as terminal:
        process = subprocess.Popen(
            [sys.executable, "-m", "nexus.cli", "up", "--port", "0"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
    product = Product(folder, process)
    try:
        product.wait_until_ready()
        yield product
        product.stop()
    finally:
        if process.poll() is None:
            for left in product.processes():
                with suppress(psutil.NoSuchProcess):
                    left.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
