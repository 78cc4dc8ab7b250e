"""Which venues tell without being asked, and which can list an account's orders?"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from nexus.exchanges.binance import Binance
from nexus.exchanges.binance_history import BinanceHistory
from nexus.exchanges.binance_stream import BinanceStream
from nexus.exchanges.binance_subscribe import stream_address
from nexus.exchanges.protocol import Account, Exchange
from nexus.exchanges.user_stream import Tell


class UserStream(Protocol):
    """One connection that carries the events of many accounts."""

    heard: dict[int, Account]
    """The accounts that are subscribed now."""

    def want(self, accounts: Iterable[Account]) -> None:
        """Say whose events are wanted from now on."""
        ...

    async def run(self) -> None:
        """Listen until cancelled, whatever breaks."""
        ...


class Streams:
    """The venues of this process that have a user stream we speak."""

    def __init__(self, adapters: Mapping[str, Exchange]) -> None:
        self._adapters = {
            venue: adapter for venue, adapter in adapters.items() if isinstance(adapter, Binance)
        }

    @property
    def venues(self) -> frozenset[str]:
        """The venues whose accounts are heard."""
        return frozenset(self._adapters)

    def open(self, venue: str, egress: str, tell: Tell) -> UserStream | None:
        """Open a connection by one egress; None when there is no such egress any more."""
        adapter = self._adapters[venue]
        lane = adapter.lanes.get(egress)
        if lane is None:
            return None
        settings = adapter.settings
        address = stream_address(settings.exchange_url)
        return BinanceStream(lane, adapter.keys, address, settings.recv_window_ms, tell)


def open_histories(adapters: Mapping[str, Exchange]) -> dict[str, BinanceHistory]:
    """Give what lists the latest orders of an account, by venue."""
    return {
        venue: BinanceHistory(adapter)
        for venue, adapter in adapters.items()
        if isinstance(adapter, Binance)
    }
