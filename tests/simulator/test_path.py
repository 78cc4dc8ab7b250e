"""Does the price inside a candle follow one fixed road?"""

from hypothesis import given
from hypothesis import strategies as st

from nexus.simulator.path import Road

RISING = Road(open=100, high=130, low=70, close=110, length=1_000)
FALLING = Road(open=110, high=130, low=70, close=100, length=1_000)


def test_a_rising_candle_visits_its_low_before_its_high() -> None:
    assert [RISING.price(at) for at in (0, 333, 666, 999)] == [100, 70, 130, 110]


def test_a_falling_candle_visits_its_high_before_its_low() -> None:
    assert [FALLING.price(at) for at in (0, 333, 666, 999)] == [110, 130, 70, 100]


def test_the_close_holds_at_the_close_time_and_at_the_next_open() -> None:
    assert RISING.price(999) == RISING.price(1_000) == RISING.close


def test_the_extremes_of_the_whole_road_are_high_and_low() -> None:
    assert RISING.extremes(0, 1_000) == (70, 130)


@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_extremes_hold_every_price_between(first: int, second: int) -> None:
    since, until = sorted((first, second))
    prices = [FALLING.price(at) for at in range(since, until + 1)]
    assert FALLING.extremes(since, until) == (min(prices), max(prices))
