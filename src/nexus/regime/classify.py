"""What kind of market is this? Bullish, bearish, sideways or unknown, and whether it crashes.

Pure rules over closed candles and the last price. What cannot be computed is unknown, and
unknown is blocked: the gate fails closed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import numpy as np
import talib

from nexus.market.snapshot import Candles, SymbolView
from nexus.settings import RegimeSettings


class Regime(StrEnum):
    """The kinds of market we tell apart."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    SIDEWAYS = "sideways"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the market is, in a word and a sentence."""

    symbol: str
    regime: Regime
    reason: str
    drop_percent: Decimal
    """How far the price is below its highest of the crash guard's window."""
    crashing: bool


def read_regime(view: SymbolView, at: datetime, rules: RegimeSettings) -> Reading:
    """Name the market of one symbol at `at`."""
    regime, reason = _classify(view.candles, rules)
    drop = _drop_percent(view, at, rules)
    crashing = drop is None or drop >= rules.regime_crash_drop_percent
    return Reading(view.symbol, regime, reason, drop or Decimal(0), crashing)


def _classify(candles: Candles, rules: RegimeSettings) -> tuple[Regime, str]:
    """Compare the averages and the strength of the trend."""
    if len(candles) < rules.regime_slow:
        missing = rules.regime_slow - len(candles)
        return Regime.UNKNOWN, f"{missing} more closed candles are needed to know."
    arrays = (candles.high, candles.low, candles.close)
    if not all(np.isfinite(array).all() for array in arrays):
        return Regime.UNKNOWN, "The averages cannot be computed from this data."
    fast = talib.EMA(candles.close, rules.regime_fast)[-1]
    slow = talib.EMA(candles.close, rules.regime_slow)[-1]
    adx = talib.ADX(*arrays, rules.regime_adx)[-1]
    strength = Decimal(f"{adx:.1f}")
    words = f"(trend strength {strength})"
    if not strength.is_finite() or not slow > 0 or not fast > 0:
        return Regime.UNKNOWN, "The averages cannot be computed from this data."
    if strength < rules.regime_adx_min:
        return Regime.SIDEWAYS, f"There is no clear trend {words}."
    close = candles.close[-1]
    if fast > slow and close > slow:
        return Regime.BULLISH, f"Fast average and price are above the slow average {words}."
    if fast < slow and close < slow:
        return Regime.BEARISH, f"Fast average and price are below the slow average {words}."
    return Regime.SIDEWAYS, "The price and its averages disagree."


def _drop_percent(view: SymbolView, at: datetime, rules: RegimeSettings) -> Decimal | None:
    """Measure the fall from the window's highest price; None when there is nothing to measure."""
    opened_after = at - timedelta(minutes=rules.regime_crash_minutes) - view.candles.timeframe
    highs = []
    for candle in reversed(view.candles.rows):
        if candle.open_time < opened_after:
            break
        highs.append(candle.high)
    if view.price is None or not highs:
        return None
    highest = max(*highs, view.price)
    return ((highest - view.price) / highest * 100).quantize(Decimal("0.01"))
