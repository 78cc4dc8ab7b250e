"""A strategy that trades at every candle, because what never trades cannot fail.

It enters, adds a layer, leaves, and begins again: nothing about the market interests it.
"""

from decimal import Decimal
from typing import Any

from nexus.market.snapshot import Candles
from nexus.strategy.border import Action, Book, Decision

STOP = Decimal("0.9995")
"""So close below the price that many a round is ended by its stop, between two candles."""


class Restless:
    """Enter, add, exit, one step at each candle."""

    name = "restless"
    label = "Restless"
    summary = "Trades at every candle to find out what breaks."
    layers = 2
    warmup = 1

    def decide(self, candles: Candles, book: Book) -> Decision:
        """Take the step that follows from what the leader holds."""
        stop = candles.last.close * STOP
        match len(book.layers):
            case 0:
                return Decision(
                    Action.ENTER, Decimal("0.5"), 1, "The next round begins.", stop_price=stop
                )
            case 1:
                return Decision(Action.ADD, Decimal(1), 2, "The round goes on.", stop_price=stop)
        return Decision(Action.EXIT, why="The round is over.")


def restless(_settings: Any) -> Restless:
    """Build it, as `STRATEGIES` wants it."""
    return Restless()
