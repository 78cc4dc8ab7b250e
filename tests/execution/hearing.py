"""What does a test of the listener need? Accounts at a real simulator, and what both sides know."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import text

from nexus.core.clock import SetClock, now
from nexus.core.db import Database
from nexus.exchanges.binance import Binance
from nexus.exchanges.filters import store_filters
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.open_streams import Streams
from nexus.exchanges.protocol import Account
from nexus.execution.listen import Listener
from nexus.simulator.control_door import add_fault, drop_streams
from nexus.simulator.params import Params
from nexus.simulator.server import RunningSimulator, SimulatorOptions, start_simulator
from nexus.strategy.border import Action
from tests.exchanges.desk import adapter
from tests.exchanges.listening import numbered
from tests.exchanges.test_stream_leases import A_KEY
from tests.scenes import AT, Scene
from tests.scripted import BTC

NOTHING = Params("")
SOON_SECONDS = 0.02
PATIENCE_SECONDS = 20.0
Trade = tuple[int, str, Decimal]
"""The account, the exchange's trade id and the quantity."""


@dataclass
class Hearing:
    """People with accounts at a simulator, and one worker that hears them."""

    scene: Scene
    simulator: RunningSimulator
    binance: Binance
    accounts: list[Account]
    read: list[int] = field(default_factory=list)
    """Whose balances were asked for after a gap."""
    listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        self.listener = self.new_listener()

    def new_listener(self) -> Listener:
        streams = Streams({"binance": self.binance})
        return Listener(self.scene.broker, streams, self._read_balances)

    async def _read_balances(self, account_ids: Collection[int]) -> set[int]:
        self.read += account_ids
        return set()

    # What happens.

    def lose_answers(self) -> None:
        """Let no order's own answer arrive, so that only the stream and questions tell."""
        fault = {"kind": "lose", "where": "POST /api/v3/order", "times": 10_000}
        add_fault(self.simulator.exchange, NOTHING, fault)

    def double_events(self) -> None:
        fault = {"kind": "duplicate_event", "where": "*", "times": 10_000, "every": 2}
        add_fault(self.simulator.exchange, NOTHING, fault)

    def cut(self) -> None:
        """Cut every connection, with whatever was about to be told."""
        drop_streams(self.simulator.exchange, NOTHING, {})

    async def lead(self, action: Action, target: str) -> None:
        """Let the leader move at the exchange's own price, and place everybody's orders."""
        price = self.simulator.exchange.market.price("BTCUSDT")
        await self.scene.market(price)
        async with self.scene.database.transaction() as tx:
            await store_filters(tx, "binance", await self.binance.filters([BTC]))
        plans = await self.scene.lead(action, target, price=price)
        assert len(plans) == len(self.accounts)
        await self.scene.place(plans)

    # What is known.

    @property
    def heard(self) -> int:
        return sum(len(line.stream.heard) for line in self.listener.lines.values())

    async def until_all_are_heard(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.heard < len(self.accounts):  # noqa: ASYNC110  it rings no bell
                await asyncio.sleep(SOON_SECONDS)

    async def until_ended(self, orders: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until so many orders are all filled."""
        async with asyncio.timeout(seconds):
            while True:
                statuses = [order.status for order in await self.scene.orders()]
                if statuses == ["FILLED"] * orders:
                    return
                await asyncio.sleep(SOON_SECONDS)

    async def booked(self) -> list[Trade]:
        """List the fills in the ledger."""
        fills = await self.scene.fills()
        return sorted((one.account_id, one.trade_id, one.quantity) for one in fills)

    def traded(self) -> list[Trade]:
        """List the trades at the exchange, by its own record."""
        return sorted(
            (account.id, str(fill.trade_id), fill.qty)
            for account, simulated in zip(self.accounts, self.simulator.accounts, strict=True)
            for order in self.simulator.exchange.by_uid[simulated.uid].orders
            for fill in order.fills
        )


@asynccontextmanager
async def hearing(database: Database, people: int) -> AsyncIterator[Hearing]:
    """Open a simulator, connect so many people, each with a bot; nobody listens yet."""
    simulator = await start_simulator(SimulatorOptions(accounts=people, seed=7))
    accounts, keys = numbered(simulator.accounts)
    binance = adapter(simulator.url, keys)
    scene = Scene(database, SetClock(AT), other_venues={"binance": binance})
    for account in accounts:
        await _connect(scene, account)
    try:
        yield Hearing(scene, simulator, binance, accounts)
    finally:
        await binance.close()
        await simulator.stop()


async def _connect(scene: Scene, account: Account) -> None:
    assert await scene.account(await scene.person(), venue="binance") == account.id
    await scene.change(ExchangeAccount, account.id, key_version=1)
    async with scene.database.transaction() as tx:
        key = {"account": account.id, "fingerprint": str(account.id).encode(), "at": now()}
        await tx.execute(A_KEY, key)
    await scene.bot(account.id)


async def count_leases(scene: Scene) -> int:
    async with scene.database.transaction() as tx:
        return int(await tx.scalar(text("SELECT count(*) FROM stream_leases")) or 0)
