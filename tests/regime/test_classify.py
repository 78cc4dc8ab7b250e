"""Is each kind of market called by its name, and is a crash seen at once?"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.market.snapshot import Candles
from nexus.regime.classify import Reading, Regime, read_regime
from nexus.settings import RegimeSettings
from tests.market.candles import (
    Number,
    candle,
    candles,
    opens_at,
    series,
    swinging,
    view,
    wandering,
)

SECOND = timedelta(seconds=1)
RISING = range(100, 140)
FALLING = range(140, 100, -1)


def rules(**changes: object) -> RegimeSettings:
    """Give the rules with averages short enough to follow by hand."""
    values = {"regime_fast": 5, "regime_slow": 20, "regime_adx": 5, "regime_crash_minutes": 240}
    return RegimeSettings.model_validate({**values, **changes})


def read(seen: Candles, price: Number | None = None, **changes: object) -> Reading:
    """Read the market at the close of its newest candle."""
    shown = view(seen, price)
    return read_regime(shown, opens_at(len(seen)), rules(**changes))


# ----------------------------------------------------------------------------------- regimes
def test_a_market_that_rises_is_bullish() -> None:
    reading = read(series(RISING))
    assert reading.regime is Regime.BULLISH
    assert reading.reason.startswith("Fast average and price are above the slow average")


def test_a_market_that_falls_is_bearish() -> None:
    reading = read(series(FALLING))
    assert reading.regime is Regime.BEARISH
    assert reading.reason.startswith("Fast average and price are below the slow average")


def test_a_market_without_a_trend_is_sideways() -> None:
    reading = read(series([100, 101] * 20))
    assert reading.regime is Regime.SIDEWAYS
    assert reading.reason.startswith("There is no clear trend")


def test_a_market_that_stands_still_is_sideways() -> None:
    assert read(series([100] * 40, swing=0)).regime is Regime.SIDEWAYS


@pytest.mark.parametrize("closes", [[*RISING, 110], [*FALLING, 130]])
def test_a_price_on_the_other_side_of_the_average_is_sideways(closes: list[int]) -> None:
    reading = read(series(closes), regime_adx_min=0)
    assert reading.regime is Regime.SIDEWAYS
    assert reading.reason == "The price and its averages disagree."


@pytest.mark.parametrize(
    ("least", "regime"), [(0, Regime.BULLISH), (99, Regime.BULLISH), (100, Regime.BULLISH)]
)
def test_a_pure_trend_is_as_strong_as_can_be(least: int, regime: Regime) -> None:
    assert read(series(RISING), regime_adx_min=least).regime is regime


def test_the_strength_that_makes_a_trend_is_configured() -> None:
    wavering = series([100 + number // 2 + 2 * (number % 2) for number in range(40)])
    assert read(wavering, regime_adx_min=5).regime is Regime.BULLISH
    assert read(wavering, regime_adx_min=95).regime is Regime.SIDEWAYS


@pytest.mark.parametrize(("count", "missing"), [(0, 20), (1, 19), (19, 1)])
def test_too_few_candles_are_unknown(count: int, missing: int) -> None:
    reading = read(series(RISING[:count]))
    assert reading.regime is Regime.UNKNOWN
    assert reading.reason == f"{missing} more closed candles are needed to know."


def test_enough_candles_are_known() -> None:
    assert read(series(RISING[:20]), regime_dwell_candles=1).regime is Regime.BULLISH


# ---------------------------------------------------------------------------- what flaps
TURNING = [*FALLING, *range(101, 141)]


def regimes(closes: Sequence[Number], **changes: Any) -> list[Reading]:
    """Read the market at the close of each candle, from the first known one on."""
    return [read(series(closes[:end]), **changes) for end in range(25, len(closes) + 1)]


@pytest.mark.parametrize("dwell", [1, 2, 5])
def test_a_better_regime_is_believed_when_it_has_lasted(dwell: int) -> None:
    at_once = regimes(TURNING, regime_dwell_candles=1)
    later = regimes(TURNING, regime_dwell_candles=dwell)
    turned = next(n for n, one in enumerate(at_once) if one.regime is Regime.BULLISH)
    believed = next(n for n, one in enumerate(later) if one.regime is Regime.BULLISH)
    assert believed == turned + dwell - 1
    waiting = later[turned:believed]
    assert not any(one.settled for one in waiting)
    assert [one.regime for one in waiting] == [at_once[turned - 1].regime] * (dwell - 1)
    if waiting:
        assert waiting[0].reason == (
            f"It has looked bullish for 1 candle; it is believed after {dwell}."
        )


def test_a_worse_regime_is_believed_at_once() -> None:
    falling = [*range(100, 140), *range(139, 100, -1)]
    patient, quick = (regimes(falling, regime_dwell_candles=dwell) for dwell in (9, 1))
    last_good = max(n for n, one in enumerate(quick) if one.regime is Regime.BULLISH)
    assert patient[last_good].regime is Regime.BULLISH
    assert patient[last_good + 1].regime is quick[last_good + 1].regime
    assert patient[last_good + 1].regime is not Regime.BULLISH


def test_a_trend_begins_higher_than_it_ends() -> None:
    wavering = [candle.close for candle in wandering(3, 400)]
    changes = {"regime_dwell_candles": 1, "regime_adx_min": 30}
    tight, wide = (
        [one.regime for one in regimes(wavering, regime_adx_margin=margin, **changes)]
        for margin in (0, 15)
    )
    assert turns(wide) < turns(tight), "the margin damps"
    good = [(t, w) for t, w in zip(tight, wide, strict=True) if w is Regime.BULLISH]
    assert good, "and lets some through"
    assert all(t is Regime.BULLISH for t, _ in good), "but never what was blocked without it"


def turns(read: list[Regime]) -> int:
    return sum(before is not after for before, after in pairwise(read))


@given(
    closes=st.lists(st.integers(50, 150), min_size=30, max_size=60),
    dwell=st.integers(1, 6),
    margin=st.integers(0, 30),
)
def test_damping_only_ever_blocks_more(closes: list[int], dwell: int, margin: int) -> None:
    loose = read(series(closes), regime_dwell_candles=1, regime_adx_margin=0)
    damped = read(series(closes), regime_dwell_candles=dwell, regime_adx_margin=margin)
    if damped.regime is Regime.BULLISH and damped.settled:
        assert loose.regime is Regime.BULLISH


@pytest.mark.parametrize("array", ["close", "high", "low"])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_what_cannot_be_computed_is_unknown(array: str, value: str) -> None:
    seen = series(RISING)
    broken = getattr(seen, array).copy()
    broken[-3] = float(value)
    seen.__dict__[array] = broken
    reading = read(seen)
    assert reading.regime is Regime.UNKNOWN
    assert reading.reason == "The averages cannot be computed from this data."


def test_an_index_that_needs_more_candles_than_there_are_is_unknown() -> None:
    assert read(series(RISING), regime_adx=30).regime is Regime.UNKNOWN


# --------------------------------------------------------------------------------- the crash
FLAT = series([100] * 30, swing=0)


@pytest.mark.parametrize(
    ("price", "drop", "crashing"),
    [
        (100, "0", False),
        (120, "0", False),
        ("92.01", "7.99", False),
        (92, "8", True),
        (50, "50", True),
    ],
)
def test_a_fall_from_the_highest_price_is_a_crash(
    price: Number,
    drop: str,
    crashing: bool,  # noqa: FBT001  a row of the table above
) -> None:
    reading = read(FLAT, price)
    assert (reading.drop_percent, reading.crashing) == (Decimal(drop), crashing)


def test_how_far_a_crash_falls_is_configured() -> None:
    assert read(FLAT, 97, regime_crash_drop_percent=3).crashing
    assert not read(FLAT, 97, regime_crash_drop_percent="3.01").crashing


def with_a_peak(number: int) -> Candles:
    """Ten candles at 100, of which one had been at 200."""
    rows = [swinging(n, 100, 100 if n == number else 0) for n in range(10)]
    return candles(rows)


@pytest.mark.parametrize(("number", "drop"), [(9, 50), (6, 50), (5, 50), (4, 0), (0, 0)])
def test_only_the_last_minutes_count(number: int, drop: int) -> None:
    assert read(with_a_peak(number), 100).drop_percent == drop


def test_a_candle_counts_until_all_of_it_is_too_old() -> None:
    shown, later = view(with_a_peak(5), 100), opens_at(10) + SECOND
    assert read_regime(shown, opens_at(10), rules()).crashing
    assert not read_regime(shown, later, rules()).crashing
    assert read_regime(shown, later, rules(regime_crash_minutes=241)).crashing


def test_without_a_price_nothing_is_sure() -> None:
    shown = view(candles([]))
    reading = read_regime(shown, opens_at(0), rules())
    assert (reading.crashing, reading.drop_percent) == (True, Decimal(0))


def test_without_a_recent_candle_nothing_is_sure() -> None:
    reading = read_regime(view(FLAT), opens_at(30) + timedelta(hours=5), rules())
    assert reading.crashing


def test_a_crash_is_seen_before_the_averages_turn() -> None:
    rows = [*RISING, *[139] * 5]
    reading = read(series(rows), 120)
    assert (reading.regime, reading.crashing) == (Regime.BULLISH, True)


def test_a_gap_hides_no_fall() -> None:
    rows = [candle(n) for n in range(20)] + [candle(23, 100, gap_before=True)]
    shown = view(candles(rows), 80)
    assert read_regime(shown, opens_at(24), rules()).crashing
