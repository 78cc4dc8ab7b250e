"""Where does a replay on the simulated exchange trade? On one of its own, moved by its clock."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from nexus.core.clock import to_ms
from nexus.exchanges.vault import KeyPair
from nexus.local.errors import LocalError
from nexus.local.processes import LEASH
from nexus.pipeline.audit import VenueOrder

PAGE = 10_000


class LentSimulator:
    """A running simulated exchange whose market stands still until it is moved."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def move(self, moment: datetime) -> None:
        """Put the exchange's clock and market at a moment."""
        await self._post("clock", {"now": to_ms(moment)})

    async def new_keys(self, count: int) -> list[KeyPair]:
        """Open accounts; gives a key for each."""
        made = await self._post("accounts", {"count": count})
        return [KeyPair(account["key"], account["secret"]) for account in made]

    async def accepted_orders(self) -> list[VenueOrder]:
        """Read every order the exchange accepted, from its own journal."""
        orders: list[VenueOrder] = []
        seen = 0
        while entries := await self._journal(seen):
            seen = entries[-1]["seq"]
            orders += [_order(e) for e in entries if _is_accepted_order(e)]
        return orders

    async def _journal(self, after: int) -> list[dict[str, Any]]:
        address = f"{self.url}/simulator/journal"
        async with self.session.get(address, params={"after": after, "limit": PAGE}) as answer:
            entries: list[dict[str, Any]] = await answer.json()
            return entries

    async def _post(self, name: str, body: Mapping[str, Any]) -> Any:
        async with self.session.post(f"{self.url}/simulator/{name}", json=body) as answer:
            answer.raise_for_status()
            return await answer.json()


@asynccontextmanager
async def lend_simulator(files: Mapping[str, Path], seed: int) -> AsyncIterator[LentSimulator]:
    """Lend a simulated exchange that replays the files, in a process of its own."""
    replays = [f"--replay={symbol}={path}" for symbol, path in files.items()]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(LEASH), str(os.getpid())),
        *(sys.executable, "-m", "nexus.simulator", "--port=0", "--clock=manual"),
        *(f"--seed={seed}", *replays),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        # Ctrl-C is for the replay, which ends it in order.
        start_new_session=True,
    )
    try:
        url = await _address(process)
        drain = asyncio.create_task(_drain(process))
        async with aiohttp.ClientSession() as session:
            yield LentSimulator(url, session)
        drain.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    """Wait for the line that says where it listens; anything it says instead is its complaint."""
    said: list[str] = []
    assert process.stderr is not None  # noqa: S101  asked for above
    while line := (await process.stderr.readline()).decode().strip():
        if line.startswith("ready "):
            return line.removeprefix("ready ")
        said.append(line)
    raise LocalError(f"The simulated exchange did not start: {' '.join(said)}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Keep reading what it says, so that it never waits for us."""
    assert process.stderr is not None  # noqa: S101  asked for above
    while line := await process.stderr.readline():
        sys.stderr.write(line.decode())


def _is_accepted_order(entry: Mapping[str, Any]) -> bool:
    return (entry["endpoint"], entry["outcome"]) == ("POST /api/v3/order", "accepted")


def _order(entry: Mapping[str, Any]) -> VenueOrder:
    fills = entry["fills"] or []
    quantity = sum((Decimal(fill["qty"]) for fill in fills), Decimal(0))
    return VenueOrder(entry["client_id"], quantity)
