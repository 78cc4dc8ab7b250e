"""What does a test of streams need at hand? A real simulator, keys for its accounts, and an ear."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from nexus.exchanges.binance import Binance
from nexus.exchanges.binance_stream import BinanceStream
from nexus.exchanges.binance_subscribe import stream_address
from nexus.exchanges.protocol import Account
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.user_stream import StreamFact
from nexus.exchanges.vault import KeyPair
from nexus.simulator.accounts import Account as Simulated
from tests.exchanges.desk import adapter, keys_of

Fact = TypeVar("Fact")
PATIENCE_SECONDS = 20


class Ear:
    """Everything that was told, in its order."""

    def __init__(self) -> None:
        self.facts: list[StreamFact] = []
        self._more = asyncio.Event()

    async def tell(self, fact: StreamFact) -> None:
        self.facts.append(fact)
        self._more.set()

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def hears(self, kind: type[Fact], number: int) -> list[Fact]:
        """Wait until so many facts of a kind have been told."""
        await self.until(lambda: len(self.of(kind)) >= number)
        return self.of(kind)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not true():
                self._more.clear()
                await self._more.wait()


def numbered(simulated: Sequence[Simulated]) -> tuple[list[Account], Mapping[int, LockedKey]]:
    """Call the simulator's accounts ours, from 1 on, each with its key."""
    accounts = [Account(number, "binance", "default", 1) for number in range(1, len(simulated) + 1)]
    return accounts, keys_of(*(KeyPair(one.key, one.secret) for one in simulated))


@asynccontextmanager
async def listening(
    url: str, keys: Mapping[int, LockedKey], *, per_minute: int = 10_000
) -> AsyncIterator[tuple[BinanceStream, Ear, Binance]]:
    """Lend a stream that runs, whom nobody has told yet whose events are wanted."""
    ear, binance = Ear(), adapter(url, keys, per_minute=per_minute)
    lane = binance.lanes["default"]
    stream = BinanceStream(lane, binance.keys, stream_address(url), 5_000, ear.tell)
    task = asyncio.create_task(stream.run())
    try:
        yield stream, ear, binance
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await binance.close()
