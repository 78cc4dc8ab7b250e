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
from numpy.typing import NDArray

from nexus.market.snapshot import Candles, Floats, SymbolView
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
    settled: bool = True
    """Whether a regime in which we may enter has lasted long enough to be believed."""


def read_regime(view: SymbolView, at: datetime, rules: RegimeSettings) -> Reading:
    """Name the market of one symbol at `at`."""
    regime, reason, settled = _classify(view.candles, rules)
    drop = _drop_percent(view, at, rules)
    crashing = drop is None or drop >= rules.regime_crash_drop_percent
    return Reading(view.symbol, regime, reason, drop or Decimal(0), crashing, settled)


def _classify(candles: Candles, rules: RegimeSettings) -> tuple[Regime, str, bool]:
    """Name the newest candle's regime; one that we may enter in must have lasted.

    For the worse at once, for the better slowly: a market that flaps keeps us out. All of it
    follows from the candles, so a restart forgets nothing.
    """
    if len(candles) < rules.regime_slow:
        missing = rules.regime_slow - len(candles)
        return Regime.UNKNOWN, f"{missing} more closed candles are needed to know.", True
    if not all(np.isfinite(part).all() for part in (candles.high, candles.low, candles.close)):
        return Regime.UNKNOWN, UNCOMPUTABLE, True
    lines = _draw(candles, rules)
    regime, reason = lines.name(-1)
    if regime in rules.gate_entry_regimes:
        for age in range(1, min(rules.regime_dwell_candles, len(candles))):
            before, _ = lines.name(-1 - age)
            if before not in rules.gate_entry_regimes:
                return before, _wait_sentence(regime, age, rules), False
    return regime, reason, True


UNCOMPUTABLE = "The averages cannot be computed from this data."


def _wait_sentence(regime: Regime, age: int, rules: RegimeSettings) -> str:
    candles = "1 candle" if age == 1 else f"{age} candles"
    return (
        f"It has looked {regime} for {candles}; it is believed after {rules.regime_dwell_candles}."
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """The averages and the strength of the trend at every candle, oldest first."""

    close: Floats
    fast: Floats
    slow: Floats
    strength: Floats
    """The directional index, rounded as it is shown."""
    trending: NDArray[np.bool_]

    def name(self, index: int) -> tuple[Regime, str]:
        """Name the market at one candle by its averages and the strength of its trend."""
        close, fast, slow = self.close[index], self.fast[index], self.slow[index]
        strength = self.strength[index]
        if not np.isfinite(strength) or not slow > 0 or not fast > 0:
            return Regime.UNKNOWN, UNCOMPUTABLE
        words = f"(trend strength {strength:.1f})"
        if not self.trending[index]:
            return Regime.SIDEWAYS, f"There is no clear trend {words}."
        if fast > slow and close > slow:
            return Regime.BULLISH, f"Fast average and price are above the slow average {words}."
        if fast < slow and close < slow:
            return Regime.BEARISH, f"Fast average and price are below the slow average {words}."
        return Regime.SIDEWAYS, "The price and its averages disagree."


def _draw(candles: Candles, rules: RegimeSettings) -> Lines:
    strength = np.round(talib.ADX(candles.high, candles.low, candles.close, rules.regime_adx), 1)
    return Lines(
        close=candles.close,
        fast=talib.EMA(candles.close, rules.regime_fast),
        slow=talib.EMA(candles.close, rules.regime_slow),
        strength=strength,
        trending=_trending(strength, rules),
    )


def _trending(strength: Floats, rules: RegimeSettings) -> NDArray[np.bool_]:
    """Say of each candle whether there is a trend: it begins higher than it ends."""
    ends_below = float(rules.regime_adx_min)
    begins_at = min(100.0, ends_below + float(rules.regime_adx_margin))
    places = np.arange(len(strength))
    began = np.maximum.accumulate(np.where(strength >= begins_at, places, -1))
    ended = np.maximum.accumulate(np.where(strength >= ends_below, -1, places))
    return began > ended


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
