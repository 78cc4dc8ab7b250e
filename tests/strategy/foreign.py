"""How is a bot hosted that was written long before Nexus? Unchanged, behind a thin adapter."""

from decimal import Decimal

from nexus.market.snapshot import Candles
from nexus.strategy.border import HOLD, Action, Book, Decision


class BreakoutBot:
    """An existing bot as its owner wrote it: floats, plain lists, and words of its own."""

    def __init__(self, lookback: int) -> None:
        self.lookback = lookback

    def on_bar(self, highs: list[float], lows: list[float], close: float, long: bool) -> str:  # noqa: FBT001  the owner's own signature
        if not long and close > max(highs[-self.lookback - 1 : -1]):
            return "BUY"
        if long and close < min(lows[-self.lookback - 1 : -1]):
            return "SELL"
        return "WAIT"


class HostedBreakout:
    """The adapter: candles and book in the bot's words, its answer in ours."""

    name = "breakout"
    label = "Breakout"
    summary = "Buys above the highest of the last candles, sells below the lowest."
    layers = 1

    def __init__(self, bot: BreakoutBot) -> None:
        self.bot = bot
        self.warmup = bot.lookback + 1

    def decide(self, candles: Candles, book: Book) -> Decision:
        said = self.bot.on_bar(
            candles.high.tolist(),
            candles.low.tolist(),
            float(candles.last.close),
            not book.is_flat,
        )
        match said:
            case "BUY":
                return Decision(Action.ENTER, target_fraction=Decimal(1), layer=1, why=said)
            case "SELL":
                return Decision(Action.EXIT, layer=1, why=said)
            case _:
                return HOLD


def breakout(settings: object) -> HostedBreakout:
    """Build it: the factory that `STRATEGIES` may name."""
    del settings  # The bot has its own numbers.
    return HostedBreakout(BreakoutBot(lookback=20))


NOT_A_FACTORY = "text"
