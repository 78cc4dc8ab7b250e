"""Do two sources see the same price? A dispute between them closes the gate for entries."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from nexus.exchanges.market_data import RawTicker
from nexus.market.check import Believed, is_price
from nexus.market.snapshot import Dispute
from nexus.settings import MarketSettings

BPS = 10_000
FORGOTTEN_AFTER = 3
"""A dispute ends without a verdict when the other source has been silent for so many rounds."""


class Comparison:
    """What the newest comparison of two sources found."""

    def __init__(self, settings: MarketSettings) -> None:
        self.every = timedelta(seconds=settings.market_compare_seconds)
        self.stale = timedelta(seconds=settings.market_stale_seconds)
        self.bps = settings.market_dispute_bps
        self._at: datetime | None = None
        self._disputes: dict[str, Dispute] = {}

    def is_due(self, at: datetime) -> bool:
        """Say whether to compare at `at`: when the last time is long ago, or left a dispute."""
        if not self.every:
            return False
        return self._at is None or bool(self._disputes) or at - self._at >= self.every

    def compare(
        self, believed: Mapping[str, Believed], others: Iterable[RawTicker], name: str, at: datetime
    ) -> None:
        """Compare what is believed with what the source `name` says."""
        self._at = at
        self._disputes = {}
        for other in others:
            ours = believed.get(other.symbol, Believed())
            if ours.price is None or ours.at is None or not is_price(other.price):
                continue
            if abs(ours.at - other.at) > self.stale:
                continue  # They speak of different moments, so they may both be right.
            if abs(other.price / ours.price - 1) * BPS > self.bps:
                self._disputes[other.symbol] = Dispute(ours.source, ours.price, name, other.price)

    def dispute(self, symbol: str, at: datetime) -> Dispute | None:
        """Give the dispute about a symbol, if there is one that is not forgotten yet."""
        if self._at is None or at - self._at > FORGOTTEN_AFTER * self.every:
            return None
        return self._disputes.get(symbol)
