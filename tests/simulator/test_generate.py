"""Does the invented market live through all its phases, and the same way every time?"""

import numpy as np
import pytest

from nexus.simulator.generate import (
    CYCLE_SECONDS,
    Recipe,
    generate_cycle,
    generate_seconds,
    phase_name,
    phases,
)

RECIPE = Recipe(seed=3, symbol="BTCUSDT", anchor=8_100_000, decimals=2)


@pytest.mark.parametrize("cycle", range(20))
def test_every_cycle_has_a_bull_phase_and_a_crash_of_six_to_ten_percent(cycle: int) -> None:
    closes = generate_cycle(RECIPE, cycle)["close"]
    bull, crash, sideways, _ = phases(RECIPE.seed, cycle)
    top = closes[bull.seconds - 1]
    bottom = closes[bull.seconds + crash.seconds - 1]
    floor = closes[bull.seconds + crash.seconds + sideways.seconds - 1]
    assert 60 <= bull.seconds <= 70
    assert 15 <= crash.seconds <= 20
    assert top > RECIPE.joint(cycle) * 1.04
    assert 0.06 <= 1 - bottom / top <= 0.10
    assert abs(floor / bottom - 1) < 0.01


def test_candles_join_without_a_jump_within_and_between_cycles() -> None:
    rows = generate_seconds(RECIPE, 0, 3 * CYCLE_SECONDS, 0)
    assert np.array_equal(rows["open"][1:], rows["close"][:-1])
    assert np.all(rows["low"] <= np.minimum(rows["open"], rows["close"]))
    assert np.all(rows["high"] >= np.maximum(rows["open"], rows["close"]))
    assert np.all(rows["volume"] > 0)


def test_the_same_seed_makes_the_same_market_and_another_seed_another() -> None:
    first = generate_seconds(RECIPE, 100, 900, 5_000)
    again = generate_seconds(RECIPE, 100, 900, 5_000)
    other = generate_seconds(Recipe(4, "BTCUSDT", 8_100_000, 2), 100, 900, 5_000)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_any_second_can_be_made_without_the_ones_before() -> None:
    whole = generate_seconds(RECIPE, 0, 800, 0)
    part = generate_seconds(RECIPE, 500, 800, 500_000)
    assert whole[500:].tobytes() == part.tobytes()


def test_phases_are_named_in_their_order() -> None:
    names = [phase_name(RECIPE.seed, second) for second in range(CYCLE_SECONDS)]
    assert list(dict.fromkeys(names)) == ["bull", "crash", "sideways", "recovery"]


def test_the_price_never_wanders_off() -> None:
    for cycle in (1, 1_000, 1_000_000):
        closes = generate_cycle(RECIPE, cycle)["close"]
        assert closes.min() / RECIPE.anchor > 0.85
        assert closes.max() / RECIPE.anchor < 1.15
