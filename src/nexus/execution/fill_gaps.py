"""What was missed while nobody listened? Asks for it: orders at once, balances bit by bit."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable

import structlog

from nexus.execution.broker import Broker
from nexus.execution.resolve import look_for_open

log = structlog.get_logger()

ReadBalances = Callable[[Collection[int]], Awaitable[set[int]]]
"""Reads the balances of accounts within their share; gives those that must wait."""
GATHER_SECONDS = 0.2
"""A connection that comes back brings its accounts one after the other."""
AGAIN_SECONDS = 5.0
PART = 20
"""Accounts whose balances are read before newer gaps are looked at."""


class GapFiller:
    """The accounts of which something may have been missed."""

    def __init__(self, broker: Broker, read_balances: ReadBalances) -> None:
        self.broker = broker
        self.read_balances = read_balances
        self._orders: set[int] = set()
        self._balances: set[int] = set()
        self._wanted = asyncio.Event()
        self._balances_wanted = asyncio.Event()

    def add(self, account_ids: Iterable[int]) -> None:
        """Ask for what these accounts did: their open orders now, their balances soon."""
        ids = set(account_ids)
        self._orders |= ids
        self._wanted.set()
        self.read_soon(ids)

    def read_soon(self, account_ids: Collection[int]) -> None:
        """Read the balances of these accounts when their share allows."""
        if account_ids:
            self._balances |= set(account_ids)
            self._balances_wanted.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        await asyncio.gather(self._ask_for_orders(), self._ask_for_balances())

    async def _ask_for_orders(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(GATHER_SECONDS)
            ids, self._orders = self._orders, set()
            self._wanted.clear()
            try:
                await look_for_open(self.broker, ids)
            except Exception:
                log.exception("gap_not_filled", accounts=len(ids))
                self._orders |= ids
                self._wanted.set()
                await asyncio.sleep(AGAIN_SECONDS)

    async def _ask_for_balances(self) -> None:
        while True:
            await self._balances_wanted.wait()
            part = sorted(self._balances)[:PART]
            try:
                waiting = await self.read_balances(part)
            except Exception:
                log.exception("balances_not_read_after_gap", accounts=len(part))
                waiting = set(part)
            self._balances -= set(part) - waiting
            if not self._balances:
                self._balances_wanted.clear()
            elif waiting:
                await asyncio.sleep(AGAIN_SECONDS)
