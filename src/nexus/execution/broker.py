"""What does execution need at hand?"""

import os
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from nexus.core.db import Database, Transaction
from nexus.core.queue import Ring
from nexus.exchanges.protocol import Exchange
from nexus.execution.states import fence_after
from nexus.execution.weigh import FRESH_READING_TICKS, Limits
from nexus.settings import Settings


class Venues(Protocol):
    """The adapters, by venue."""

    def __getitem__(self, venue: str) -> Exchange:
        """Give the adapter of `venue`."""
        ...


class Bell(Protocol):
    """Whatever starts jobs: the queue's doorbell, or a replay that does them at once."""

    async def ring(self, *rings: Ring) -> None:
        """Start each job soon."""
        ...

    def after(self, tx: Transaction, *rings: Ring) -> None:
        """Ring once `tx` has been committed."""
        ...


@dataclass(frozen=True)
class Broker:
    """One worker's means to place orders."""

    database: Database
    venues: Venues
    bell: Bell
    settings: Settings
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")

    @property
    def limits(self) -> Limits:
        """The numbers the claim's rules need."""
        return Limits(
            slippage_cap_bps=self.settings.slippage_cap_bps,
            price_max_age=timedelta(seconds=self.settings.market_stale_seconds),
            gate_max_age=timedelta(seconds=self.settings.tick_seconds * FRESH_READING_TICKS),
        )

    @property
    def fence(self) -> timedelta:
        """How long after sending no copy of a request can start any more."""
        return fence_after(timedelta(milliseconds=self.settings.recv_window_ms))
