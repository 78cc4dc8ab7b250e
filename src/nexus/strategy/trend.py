"""The reference strategy: a plain pyramiding trend follower. An example, not advice.

It enters when the fast average is above the slow one and the close above the fast; adds a layer
each time the price has risen by a step since the last; leaves everything when the close falls
a trail below the highest close since entry, or when the averages cross back. Averages and the
average true range come from TA-Lib.
"""

from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

import talib

from nexus.market.snapshot import Candles
from nexus.settings import StrategySettings
from nexus.strategy.border import HOLD, Action, Book, Decision


@dataclass(frozen=True, slots=True)
class Reading:
    """The indicators at the last closed candle."""

    close: Decimal
    fast: Decimal
    slow: Decimal
    atr: Decimal

    def as_inputs(self) -> dict[str, str]:
        """Give the numbers to be kept with a decision."""
        return {name: str(getattr(self, name)) for name in ("close", "fast", "slow", "atr")}


class PyramidingTrend:
    """Trend following with layers, configured by `STRATEGY_*` and `PYRAMID_*` alone."""

    name = "trend"
    label = "Pyramiding trend"
    summary = "Buys into a rising trend in layers, and leaves when it turns."

    def __init__(self, settings: StrategySettings) -> None:
        self.settings = settings
        self.warmup = settings.strategy_slow + 1
        self.targets = tuple(accumulate(settings.pyramid_fractions))
        self.layers = len(self.targets)

    def decide(self, candles: Candles, book: Book) -> Decision:
        """Say what to do now that the last candle has closed."""
        reading = self._read(candles)
        if reading is None:
            return HOLD
        if book.is_flat:
            return self._maybe_enter(reading)
        return self._maybe_exit(reading, book) or self._maybe_add(reading, book) or HOLD

    def _read(self, candles: Candles) -> Reading | None:
        fast = talib.EMA(candles.close, self.settings.strategy_fast)[-1]
        slow = talib.EMA(candles.close, self.settings.strategy_slow)[-1]
        atr = talib.ATR(candles.high, candles.low, candles.close, self.settings.strategy_atr)[-1]
        numbers = [Decimal(f"{value:.8f}") for value in (fast, slow, atr)]
        if not all(number.is_finite() and number > 0 for number in numbers):
            return None
        return Reading(candles.last.close, *numbers)

    def _maybe_enter(self, now: Reading) -> Decision:
        if not (now.fast > now.slow and now.close > now.fast):
            return HOLD
        return Decision(
            Action.ENTER,
            target_fraction=self.targets[0],
            layer=1,
            why="The fast average is above the slow one and the price is above both.",
            stop_price=self._stop_below(now.close),
            inputs=now.as_inputs(),
        )

    def _maybe_add(self, now: Reading, book: Book) -> Decision | None:
        layer = len(book.layers) + 1
        step = now.atr * self.settings.pyramid_step_atr
        if layer > len(self.targets) or now.close < book.layers[-1].price + step:
            return None
        return Decision(
            Action.ADD,
            target_fraction=self.targets[layer - 1],
            layer=layer,
            why=f"The price has risen a step above layer {layer - 1}, so layer {layer} is added.",
            stop_price=self._stop_below(now.close),
            inputs=now.as_inputs(),
        )

    def _stop_below(self, price: Decimal) -> Decimal | None:
        """Give the stop of a layer bought at this price; a later layer stands above it."""
        percent = self.settings.strategy_stop_percent
        return price * (1 - percent / 100) if percent else None

    def _maybe_exit(self, now: Reading, book: Book) -> Decision | None:
        peak = max(book.peak or now.close, now.close)
        trail = peak - now.atr * self.settings.strategy_exit_atr
        if now.close <= trail:
            why = "The price has fallen too far below its peak."
        elif now.fast < now.slow:
            why = "The fast average has fallen below the slow one: the trend is over."
        else:
            return None
        return Decision(Action.EXIT, layer=len(book.layers), why=why, inputs=now.as_inputs())


def pyramiding_trend(settings: StrategySettings) -> PyramidingTrend:
    """Build the reference strategy: the factory that `STRATEGIES` names by default."""
    return PyramidingTrend(settings)
