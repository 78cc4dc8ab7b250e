"""What has one look at the market brought so far, before it is stored and shown?"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from nexus.market.check import Refusal
from nexus.market.snapshot import Candle


@dataclass
class Look:
    """One look: what it cost, what it refused, and the candles that were new."""

    at: datetime
    source: str = ""
    """Who said the prices."""
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: set[tuple[str, str]] = field(default_factory=set)
    """Who was asked in vain, by source and kind of question."""
    refused: list[Refusal] = field(default_factory=list)
    new_candles: dict[str, list[Candle]] = field(default_factory=dict)
