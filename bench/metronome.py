"""What do the benchmarks trade? A strategy that enters and leaves with every candle, or rests."""

from decimal import Decimal

from nexus.market.snapshot import Candles
from nexus.settings import Settings
from nexus.strategy.border import HOLD, Action, Book, Decision

SHARE = Decimal("0.5")


class Metronome:
    """Enters when the leader holds nothing, and leaves when he does."""

    name = "metronome"
    label = "Metronome"
    summary = "Enters with one candle and leaves with the next."
    layers = 1
    warmup = 1

    def decide(self, candles: Candles, book: Book) -> Decision:
        """Do the opposite of the last candle."""
        del candles
        if book.is_flat:
            return Decision(Action.ENTER, target_fraction=SHARE, layer=1, why="bench")
        return Decision(Action.EXIT, why="bench")


class Resting(Metronome):
    """Never decides, so that whoever measures can."""

    def decide(self, candles: Candles, book: Book) -> Decision:
        """Hold."""
        del candles, book
        return HOLD


def beating(_settings: Settings) -> Metronome:
    """Build the one that trades."""
    return Metronome()


def resting(_settings: Settings) -> Metronome:
    """Build the one that rests."""
    return Resting()
