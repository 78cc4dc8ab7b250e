"""Where does a test drop keys? At a counter with a worker behind it, and a simulated exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import func, select

from nexus.core.db import Database
from nexus.exchanges.binance import Binance
from nexus.exchanges.drop_key import Wanted, ask_again, begin_drop, drop_key, find_drop
from nexus.exchanges.egress import DEFAULT, Egress
from nexus.exchanges.models import ExchangeAccount, KeyDrop
from nexus.exchanges.registry import Exchanges
from nexus.exchanges.take_drop import KeyDesk, check_drops
from nexus.exchanges.unlock import KeyRing
from nexus.exchanges.vault import open_vault
from nexus.exchanges.vault_secrets import make_secrets
from nexus.settings import Settings
from nexus.simulator.server import SimulatorOptions, start_simulator
from tests.exchanges.desk import FreeHand, wire_to


@dataclass
class Counter:
    """Where somebody drops keys and a worker takes them."""

    database: Database
    desk: KeyDesk
    http: httpx.AsyncClient
    alice: int
    accounts: list[tuple[str, str, int]]

    async def control(self, path: str, **body: Any) -> Any:
        answer = await self.http.post(f"/simulator/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    async def begin(self, kind: str = "hmac", user: int | None = None, **wanted: Any) -> str:
        async with self.database.transaction() as tx:
            return await begin_drop(
                tx,
                Wanted(user or self.alice, "binance", kind, "Mine", "net", **wanted),
                Egress(DEFAULT, addresses=("203.0.113.7",)),
            )

    async def drop(self, drop_id: str, key: str, secret: str = "", user: int | None = None) -> Any:
        """Drop a key, let the worker check it, and give what its owner sees then."""
        user = user or self.alice
        async with self.database.transaction() as tx:
            view = await find_drop(tx, user, drop_id)
            assert view is not None
            await drop_key(tx, view, key, secret)
        return await self.checked(drop_id, user)

    async def again(self, drop_id: str) -> Any:
        async with self.database.transaction() as tx:
            view = await find_drop(tx, self.alice, drop_id)
            assert view is not None
            await ask_again(tx, view)
        return await self.checked(drop_id)

    async def checked(self, drop_id: str, user: int | None = None) -> Any:
        await check_drops(self.desk, drop_id)
        async with self.database.transaction() as tx:
            return await find_drop(tx, user or self.alice, drop_id)

    async def boxes(self) -> int:
        """Count what still lies in the box."""
        async with self.database.transaction() as tx:
            kept = KeyDrop.key_box.is_not(None) | KeyDrop.secret_box.is_not(None)
            return await tx.scalar(select(func.count()).where(kept)) or 0

    async def connected(self) -> int:
        async with self.database.transaction() as tx:
            return await tx.scalar(select(func.count()).select_from(ExchangeAccount)) or 0


@asynccontextmanager
async def open_counter(
    database: Database, settings: Settings, alice: int, **changes: Any
) -> AsyncIterator[Counter]:
    simulator = await start_simulator(SimulatorOptions(accounts=3))
    settings = settings.model_copy(
        update={
            "exchange_url": simulator.url,
            "egress_addresses": {"default": "203.0.113.7"},
            **changes,
        }
    )
    ring = KeyRing(database, settings)
    binance = Binance([wire_to(simulator.url)], ring.read, FreeHand(), settings)
    async with database.transaction() as tx:
        await make_secrets(tx, open_vault(settings))
    async with httpx.AsyncClient(base_url=simulator.url) as http:
        desk = KeyDesk(database, Exchanges({"binance": binance}, settings), settings)
        made = [(one.key, one.secret, one.uid) for one in simulator.accounts]
        yield Counter(database, desk, http, alice, made)
    await binance.close()
    await simulator.stop()
