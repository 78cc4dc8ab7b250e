"""A strategy that trades at every candle, because what never trades cannot fail.

It enters, adds a layer, leaves, and begins again: nothing about the market interests it.
"""

from decimal import Decimal
from typing import Any

from nexus.core.clock import to_ms
from nexus.market.snapshot import Candles
from nexus.strategy.border import Action, Book, Decision

STOPS = (Decimal("0.9995"), Decimal("0.97"))
"""In turn so close below the price that many a round is ended by its stop, and so far that a stop
which rests at the exchange must be moved, and cancelled before the sale."""
TURN_MS = 20_000


class Restless:
    """Enter, add, exit, one step at each candle."""

    name = "restless"
    label = "Restless"
    summary = "Trades at every candle to find out what breaks."
    layers = 2
    warmup = 1

    def decide(self, candles: Candles, book: Book) -> Decision:
        """Take the step that follows from what the leader holds."""
        turn = to_ms(candles.last.open_time) // TURN_MS % len(STOPS)
        stop = candles.last.close * STOPS[turn]
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
