"""What does a tick need at hand?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from nexus.core.db import Database
from nexus.execution.broker import Bell
from nexus.market.observe import Observer
from nexus.settings import Settings
from nexus.strategy.border import Strategy


@dataclass(frozen=True)
class Desk:
    """One worker's view of the whole pipeline."""

    database: Database
    observer: Observer
    strategies: tuple[Strategy, ...]
    bell: Bell
    settings: Settings
    worker: str

    @property
    def longest_pause(self) -> timedelta:
        """How long nobody may have looked before all that was seen counts as gone."""
        return timedelta(seconds=self.settings.market_stale_seconds)

    def hosted(self) -> Iterator[tuple[Strategy, str]]:
        """Walk through every strategy on every symbol."""
        for strategy in self.strategies:
            for symbol in self.settings.symbols:
                yield strategy, symbol
