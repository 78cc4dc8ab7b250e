"""Do the shapes of a snapshot say what they say?"""

import numpy as np
import pytest

from tests.market.candles import START, candle, candles, series, view


def test_the_arrays_are_floats_in_order() -> None:
    seen = series(["100.5", 101, 99], swing=2)
    assert seen.close.dtype == np.float64
    assert seen.close.tolist() == [100.5, 101, 99]
    assert seen.high.tolist() == [102.5, 103, 101]
    assert seen.low.tolist() == [98.5, 99, 97]


def test_the_last_candle_is_the_newest() -> None:
    assert series([1, 2, 3]).last.close == 3
    with pytest.raises(IndexError):
        _ = candles([]).last


@pytest.mark.parametrize(("gaps", "count"), [((), 5), ((0,), 5), ((2,), 3), ((1, 3), 2), ((4,), 1)])
def test_candles_are_counted_from_the_newest_gap(gaps: tuple[int, ...], count: int) -> None:
    rows = [candle(number, gap_before=number in gaps) for number in range(5)]
    assert candles(rows).since_gap() == count


def test_without_a_candle_there_is_nothing_to_count() -> None:
    assert candles([]).since_gap() == 0


def test_a_price_has_an_age() -> None:
    assert view(series([100])).age(START) == -3600
