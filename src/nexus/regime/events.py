"""What the market stage and the gate have just said, for others to react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MarketSeen:
    """A look at the market has been stored, with its regimes."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision has been written down with its verdict."""

    decision_id: int
