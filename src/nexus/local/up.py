"""How does all of Nexus come up on one machine, and go down again?

Databases, migrations, the simulated exchange, demo data, worker and web, in this order; down in
the opposite one. For development: production starts `nexus web` and `nexus worker` by itself.
"""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from nexus.local.address import Address, choose_address
from nexus.local.announce import say, step
from nexus.local.embedded import (
    postgres_data,
    postgres_pid,
    prepare_folder,
    redis_pid,
    start_postgres,
    start_redis,
    stop_postgres,
    stop_redis,
)
from nexus.local.environment import Addresses, complete_environment, environment_of, unset
from nexus.local.errors import LocalError
from nexus.local.given import bring_to_newest_shape, check_database, check_redis
from nexus.local.place import closed_to_others, hold
from nexus.local.processes import Child, Processes
from nexus.local.remember import remembered_port, remembered_secrets, write_private
from nexus.local.wait import wait_for_http, watch
from nexus.settings import Settings, SettingsError, load_settings
from nexus.strategy.check import load_checked_settings

P = ParamSpec("P")
T = TypeVar("T")

SIMULATOR_SEED = 1
SIMULATOR_SECONDS = 90
READY_SECONDS = 90

SeedDemo = Callable[[Settings, str], Awaitable[tuple[str, str]]]


@dataclass(frozen=True)
class Options:
    """What can be said on the command line of `nexus up`; None leaves it to the settings."""

    folder: Path = Path(".nexus")
    host: str | None = None
    port: int | None = None
    workers: int = 1


@dataclass(frozen=True)
class Parts:
    """What `nexus up` starts and calls that is not its own."""

    nexus: Sequence[str]
    """How a child process of ours is called, before the name of its command."""
    migrate: Callable[[str], None]
    """Brings the database at a URL to the newest shape; blocks."""
    seed_demo: SeedDemo
    """Makes the demo data; gives the e-mail and the password to sign in with."""
    check_demo: Callable[[Settings], None] = lambda _settings: None
    """Says what of the settings would forbid the demo, as a LocalError, before anything starts."""
    demo_settings: Mapping[str, str] = field(default_factory=dict)
    """Variables for a lively demo, where the environment does not set them itself."""


def run(options: Options, parts: Parts) -> int:
    """Run `up` as a command: give its exit code, and say on stderr what went wrong."""
    try:
        asyncio.run(up(options, parts))
    except (LocalError, SettingsError) as error:
        click.echo(str(error), err=True)
        return 1
    return 0


async def up(options: Options, parts: Parts) -> None:
    """Run everything until a signal says stop.

    Completes this process's own environment on the way, so that the demo is made with the very
    settings the children get. Raises LocalError, or SettingsError, with sentences for the user.
    """
    # The demo's numbers are among those that are checked: they must go with the person's own.
    os.environ.update(unset(os.environ, parts.demo_settings))
    settings = load_checked_settings()
    if settings.environment == "production":
        message = (
            "`nexus up` makes up secrets and demo data, so it is not for production. "
            "Start `nexus web` and `nexus worker` there, or set ENVIRONMENT=development."
        )
        raise LocalError(message)
    parts.check_demo(settings)
    host = options.host or settings.host
    try:
        web = choose_address(host, settings.port if options.port is None else options.port)
    except LocalError:
        # What answers there may be this folder's own Nexus, which is said in other words.
        if (options.folder / "up.lock").exists():
            with hold(options.folder.resolve()):
                pass
        raise
    folder = prepare_folder(options.folder)
    with hold(folder):
        await _Run(folder, web, options, parts).until_told(settings)


class _Run:
    """One run: what it has started so far, and how that is taken down."""

    def __init__(self, folder: Path, web: Address, options: Options, parts: Parts) -> None:
        self.folder = folder
        self.web = web
        self.options = options
        self.parts = parts
        self.processes = Processes()
        self.told = asyncio.Event()
        self.stops: list[partial[None]] = []
        self.servers: dict[str, int] = {}
        # One thread, so that a stop waits for the start that Ctrl-C interrupted.
        self.blocking = ThreadPoolExecutor(max_workers=1)

    async def until_told(self, settings: Settings) -> None:
        """Bring everything up and keep it up until a signal comes or something ends."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._hear)
        tasks = [
            asyncio.create_task(self._bring_up(settings)),
            asyncio.create_task(self.processes.first_end()),
            asyncio.create_task(self.told.wait(), name="told"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._take_down()

    def _hear(self) -> None:
        """Stop in order at the first signal, at once at the second."""
        if not self.told.is_set():
            say("Stopping. Press Ctrl-C again to stop at once.")
            self.told.set()
            return
        self.processes.kill()
        for stop in self.stops:
            asyncio.get_running_loop().run_in_executor(None, partial(stop, at_once=True))

    async def _bring_up(self, settings: Settings) -> None:
        """Start everything in order, say that it is ready, and watch over the servers."""
        addresses = Addresses(
            web=self.web,
            database_url=settings.database_url or await self._start_postgres(),
            redis_url=settings.redis_url or await self._start_redis(),
            simulator_url=f"http://127.0.0.1:{remembered_port(self.folder, 'simulator')}",
        )
        secrets = remembered_secrets(self.folder)
        os.environ.update(
            complete_environment(os.environ, addresses, secrets, self.parts.demo_settings)
        )
        settings = load_settings()
        await self._prepare_database(settings)
        await self._start_simulator()
        with step("Preparing the demo"):
            email, password = await self.parts.seed_demo(settings, addresses.simulator_url)
        await self._start_worker_and_web()
        ready = {
            "url": settings.base_url,
            "email": email,
            "password": password,
            "simulator_url": addresses.simulator_url,
        }
        write_private(self.folder / "ready.json", json.dumps(ready, indent=2) + "\n")
        say(f"Nexus is ready at {settings.base_url} - sign in with {email} and {password}")
        await watch(self.servers)

    async def _start_postgres(self) -> str:
        data = postgres_data(self.folder)
        if data.parent != self.folder:
            say(f"{closed_to_others(self.folder)} is private, so the database lies in {data}.")
        self.stops.append(partial(stop_postgres, self.folder))
        with step("Starting PostgreSQL"):
            url = await self._block(start_postgres, self.folder)
        self.servers["PostgreSQL"] = postgres_pid(self.folder) or 0
        return url

    async def _start_redis(self) -> str:
        self.stops.append(partial(stop_redis, self.folder))
        with step("Starting Valkey"):
            url = await self._block(start_redis, self.folder)
        self.servers["Valkey"] = redis_pid(self.folder) or 0
        return url

    async def _prepare_database(self, settings: Settings) -> None:
        """Make sure that both servers answer and that the tables are there."""
        with step("Bringing the database to its newest shape"):
            await self._block(check_database, settings.database_url)
            await check_redis(settings.redis_url)
            await self._block(bring_to_newest_shape, self.parts.migrate, settings.database_url)

    async def _start_simulator(self) -> None:
        port = remembered_port(self.folder, "simulator")
        state = str(self.folder / "simulator.jsonl")
        with step("Starting the simulated exchange"):
            await self._start_child(
                "simulator", "--port", str(port), "--seed", str(SIMULATOR_SEED), "--state", state
            )
            address = ("127.0.0.1", port)
            await wait_for_http("simulator", address, "/api/v3/ping", SIMULATOR_SECONDS)

    async def _start_worker_and_web(self) -> None:
        """Start the worker before the pages: what was started last is told first to end."""
        with step("Starting the worker and the pages"):
            for _ in range(self.options.workers):
                await self._start_child("worker")
            # Checked again: since the first time a minute may have passed, and what answers next
            # would be taken for ours.
            choose_address(self.web.host, self.web.port)
            await self._start_child("web")
            await wait_for_http("web", self.web.reachable, "/readyz", READY_SECONDS)

    async def _start_child(self, name: str, *arguments: str) -> None:
        command = [*self.parts.nexus, name, *arguments]
        lasts = name == "simulator"
        environment = environment_of(name, os.environ, own_database="PostgreSQL" in self.servers)
        await self.processes.start(Child(name, command, environment, lasts))

    async def _block(self, act: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do something that blocks in our one thread, while signals are still heard."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.blocking, partial(act, *arguments, **named))

    async def _take_down(self) -> None:
        """Stop everything in order: pages, worker, exchange, Valkey, PostgreSQL."""
        (self.folder / "ready.json").unlink(missing_ok=True)
        await self.processes.stop()
        for stop in reversed(self.stops):
            await self._block(stop)
        self.blocking.shutdown()
        say("Stopped.")
