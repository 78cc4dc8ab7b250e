"""Are longer candles made correctly from base candles, gaps and open candles included?"""

import numpy as np
import pytest

from nexus.simulator.candles import CANDLE, Series
from nexus.simulator.generate import Recipe, generate_seconds
from nexus.simulator.intervals import HOUR, INTERVALS, MINUTE, close_time, open_times

START = 1_767_225_600_000
RECIPE = Recipe(seed=3, symbol="BTCUSDT", anchor=8_100_000, decimals=2)


def seconds(count: int) -> Series:
    return Series(generate_seconds(RECIPE, 0, count, START), 1_000)


def test_a_minute_is_the_merger_of_its_sixty_seconds() -> None:
    series = seconds(600)
    minutes = series.klines("1m", START + 600_000, None, None, 500)
    part = series.rows[60:120]
    assert len(minutes) == 10
    assert minutes[1]["time"] == START + MINUTE
    assert minutes[1]["open"] == part["open"][0]
    assert minutes[1]["close"] == part["close"][-1]
    assert minutes[1]["high"] == part["high"].max()
    assert minutes[1]["low"] == part["low"].min()
    assert minutes[1]["volume"] == pytest.approx(part["volume"].sum())


def test_the_last_candle_is_the_open_one_and_knows_only_the_past() -> None:
    series = seconds(600)
    minutes = series.klines("1m", START + 90_500, None, None, 500)
    assert list(minutes["time"]) == [START, START + MINUTE]
    seen = series.rows[60:90]
    assert minutes[-1]["close"] == series.price(START + 90_500)
    assert minutes[-1]["high"] >= seen["high"].max()
    assert minutes[-1]["volume"] < series.rows["volume"][60:91].sum()


def test_limit_takes_the_newest_and_start_takes_the_first() -> None:
    series, now = seconds(600), START + 600_000
    newest = series.klines("1m", now, None, None, 2)
    first = series.klines("1m", now, START + 1, None, 2)
    until = series.klines("1m", now, None, START + 3 * MINUTE, 2)
    assert list(newest["time"]) == [START + 8 * MINUTE, START + 9 * MINUTE]
    assert list(first["time"]) == [START + MINUTE, START + 2 * MINUTE]
    assert list(until["time"]) == [START + 2 * MINUTE, START + 3 * MINUTE]
    assert until[-1]["volume"] == pytest.approx(series.rows["volume"][180:240].sum())


def test_a_gap_stays_a_gap() -> None:
    rows = generate_seconds(RECIPE, 0, 600, START)
    series = Series(np.delete(rows, slice(120, 300)), 1_000)
    minutes = series.klines("1m", START + 600_000, None, None, 500)
    assert list((minutes["time"] - START) // MINUTE) == [0, 1, 5, 6, 7, 8, 9]
    assert series.price(START + 250_000) == rows["close"][119]


def test_an_interval_shorter_than_the_data_has_no_candles() -> None:
    hourly = Series(np.zeros(3, CANDLE), HOUR)
    assert len(hourly.klines("1m", 10 * HOUR, None, None, 500)) == 0


def test_every_interval_covers_the_moments_it_opens_for() -> None:
    times = np.arange(START, START + 40 * 24 * HOUR, 7 * HOUR, dtype=np.int64)
    for interval in INTERVALS:
        opened = open_times(times, interval)
        ends = [close_time(int(time), interval) for time in opened]
        assert np.all(opened <= times), interval
        assert np.all(times <= ends), interval


def test_weeks_open_on_monday_and_months_on_the_first() -> None:
    moment = np.array([START], np.int64)  # Thursday, 2026-01-01
    assert open_times(moment, "1w")[0] == START - 3 * 24 * HOUR
    assert open_times(moment, "1M")[0] == START
    assert close_time(START, "1M") == START + 31 * 24 * HOUR - 1


def test_extremes_see_what_happened_between_two_moments() -> None:
    series = seconds(600)
    low, high = series.extremes(START + 10_000, START + 40_000) or (0, 0)
    assert low == series.rows["low"][10:40].min()
    assert high == series.rows["high"][10:40].max()
