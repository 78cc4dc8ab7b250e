"""Is everything that cannot be true refused, and everything else believed?"""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.exchanges.market_data import RawCandle, RawTicker
from nexus.market.check import (
    Believed,
    Doubt,
    Refusal,
    Suspect,
    check_candles,
    check_ticker,
    is_price,
    second_opinion,
)
from nexus.market.snapshot import Candle
from tests.market.candles import BTC, HOUR, START, candle, closes_at, opens_at, raw_candle

AT = START
SPIKE = Decimal(30)
PATIENCE = timedelta(seconds=45)
DOUBT = Doubt(SPIKE, PATIENCE)
NOTHING = Believed()
HUNDRED = Believed(Decimal(100), AT, "primary")
NO_AMOUNTS = ["NaN", "sNaN", "Infinity", "-Infinity", "-1", "1e15"]


def check_price(
    price: str, last: Believed = NOTHING, seconds: float = 0, source: str = "primary"
) -> tuple[Believed, str | None]:
    """Check a price of `seconds` from now, in a look made then unless that lies ahead.

    Gives what is believed then, and the fault.
    """
    at = AT + timedelta(seconds=seconds)
    ticker = RawTicker(BTC, Decimal(price), at)
    believed, refusal = check_ticker(ticker, source, last, AT, DOUBT)
    return believed, refusal.kind if refusal else None


def insist(price: str, last: Believed, seconds: float, source: str = "primary") -> Believed:
    """Let a source say a price in a look made `seconds` later."""
    at = AT + timedelta(seconds=seconds)
    return check_ticker(RawTicker(BTC, Decimal(price), at), source, last, at, DOUBT)[0]


def ask_second(price: str, last: Believed, seconds: float = 0) -> Believed:
    """Let the fallback judge what the primary has just said."""
    ticker = RawTicker(BTC, Decimal(price), AT + timedelta(seconds=seconds))
    return second_opinion(ticker, "fallback", last, AT, DOUBT)


def check_rows(*rows: RawCandle, after: Candle | None = None) -> list[Candle | Refusal]:
    return list(
        check_candles(
            BTC, rows, after=after, timeframe=HOUR, closed_by=closes_at(99), spike_percent=SPIKE
        )
    )


def faults(*rows: RawCandle, after: Candle | None = None) -> list[str]:
    return [item.kind for item in check_rows(*rows, after=after) if isinstance(item, Refusal)]


def closes(*rows: RawCandle, after: Candle | None = None) -> list[int]:
    return [int(item.close) for item in check_rows(*rows, after=after) if isinstance(item, Candle)]


# ------------------------------------------------------------------------------------- prices
def test_a_first_price_is_believed() -> None:
    assert check_price("101.5", seconds=-3) == (
        Believed(Decimal("101.5"), AT - timedelta(seconds=3), "primary"),
        None,
    )


@pytest.mark.parametrize("price", [*NO_AMOUNTS, "0", "-0"])
def test_what_is_no_price_is_refused_and_changes_nothing(price: str) -> None:
    last = Believed(Decimal(100), AT, suspect=Suspect(Decimal(150), "primary", AT))
    assert check_price(price, last) == (last, "not_a_price")


@pytest.mark.parametrize(("seconds", "fault"), [(5, None), (5.001, "from_the_future")])
def test_a_price_may_be_a_few_seconds_ahead(seconds: float, fault: str | None) -> None:
    assert check_price("100", seconds=seconds)[1] == fault


@pytest.mark.parametrize(("seconds", "fault"), [(0, None), (-0.001, "out_of_order")])
def test_a_price_never_goes_back_in_time(seconds: float, fault: str | None) -> None:
    last = Believed(Decimal(100), AT)
    assert check_price("101", last, seconds)[1] == fault


@pytest.mark.parametrize(
    ("price", "fault"),
    [("130", None), ("130.01", "spike"), ("70", None), ("69.99", "spike"), ("1000", "spike")],
)
def test_a_price_too_far_from_the_last_is_a_spike(price: str, fault: str | None) -> None:
    believed, found = check_price(price, Believed(Decimal(100), AT))
    assert found == fault
    assert believed.price == (Decimal(100) if fault else Decimal(price))


def test_a_spike_is_believed_when_a_second_source_agrees() -> None:
    suspected, fault = check_price("50", HUNDRED)
    assert (suspected.price, fault) == (Decimal(100), "spike")
    assert ask_second("51", suspected) == Believed(Decimal(51), AT, "fallback")


@pytest.mark.parametrize("price", ["101", "129", "200", "NaN", "0"])
def test_a_second_source_that_sees_something_else_proves_nothing(price: str) -> None:
    """129 is near enough to 131 and to 100: it is no spike itself, so it agrees with the old."""
    suspected, _ = check_price("131" if price == "129" else "50", HUNDRED)
    assert ask_second(price, suspected).price == Decimal(100)


@pytest.mark.parametrize("seconds", [-1, 6])
def test_a_second_source_must_speak_of_now(seconds: float) -> None:
    suspected, _ = check_price("50", HUNDRED)
    assert ask_second("50", suspected, seconds) == suspected


def test_a_source_that_insists_is_believed_in_the_end_when_no_other_can_be_asked() -> None:
    last = HUNDRED
    for seconds in (10, 20, 54):
        last = insist("50", last, seconds)
        assert last.price == Decimal(100)
    assert insist("51", last, 55).price == Decimal(51)


def test_one_that_repeats_an_old_spike_does_not_insist() -> None:
    """Its own time stands still, however often it is asked."""
    last, old = HUNDRED, RawTicker(BTC, Decimal(50), AT)
    for seconds in range(0, 600, 10):
        last, refusal = check_ticker(old, "primary", last, AT + timedelta(seconds=seconds), DOUBT)
        assert refusal is not None
    assert last.price == Decimal(100)


def test_while_a_second_source_sees_the_old_price_insisting_does_not_help() -> None:
    last = HUNDRED
    for seconds in range(0, 600, 10):
        last = insist("50", last, seconds)
        at = AT + timedelta(seconds=seconds)
        last = second_opinion(RawTicker(BTC, Decimal(101), at), "fallback", last, at, DOUBT)
        assert (last.price, last.at) == (Decimal(100), AT), "nobody is believed meanwhile"


def test_another_source_begins_to_insist_anew() -> None:
    last = insist("50", insist("50", HUNDRED, 0), 44)
    assert insist("50", last, 46, source="fallback").price == Decimal(100)


def test_two_spikes_that_disagree_are_both_refused() -> None:
    last = insist("1000", HUNDRED, 0)
    last = insist("50", last, 50)
    assert last.price == Decimal(100)
    assert last.suspect == Suspect(Decimal(50), "primary", AT + timedelta(seconds=50))


def test_a_lone_spike_is_forgotten() -> None:
    last = insist("101", insist("1000", HUNDRED, 0), 10)
    assert last == Believed(Decimal(101), AT + timedelta(seconds=10), "primary")
    assert insist("1000", last, 60).price == Decimal(101)


def test_a_refusal_tells_the_numbers() -> None:
    ticker = RawTicker(BTC, Decimal(1000), AT)
    _, refusal = check_ticker(ticker, "primary", HUNDRED, AT, DOUBT)
    assert refusal == Refusal(BTC, "spike", "100 to 1000")


# ------------------------------------------------------------------------------------ candles
def test_good_candles_are_believed_as_they_are() -> None:
    raw = raw_candle(3, "100.5", open=Decimal(100), low=Decimal(99), high=Decimal(102))
    assert check_rows(raw) == [
        candle(3, "100.5", open=Decimal(100), low=Decimal(99), high=Decimal(102))
    ]


@pytest.mark.parametrize("field", ["open", "high", "low", "close"])
@pytest.mark.parametrize("value", [*NO_AMOUNTS, "0"])
def test_a_candle_with_a_price_that_is_none_is_refused(field: str, value: str) -> None:
    assert faults(raw_candle(0, **{field: Decimal(value)})) == ["not_a_price"]


@pytest.mark.parametrize("value", NO_AMOUNTS)
def test_a_candle_with_an_absurd_volume_is_refused(value: str) -> None:
    assert faults(raw_candle(0, volume=Decimal(value))) == ["not_a_volume"]


def test_a_candle_in_which_nothing_was_traded_is_believed() -> None:
    assert faults(raw_candle(0, volume=Decimal(0))) == []


@pytest.mark.parametrize(
    "changes",
    [{"low": 101}, {"high": 99}, {"open": 101}, {"open": 99}, {"low": 102, "high": 98}],
)
def test_a_candle_outside_its_own_range_is_impossible(changes: dict[str, int]) -> None:
    decimals = {name: Decimal(value) for name, value in changes.items()}
    assert faults(raw_candle(0, **decimals)) == ["impossible"]


@pytest.mark.parametrize("milliseconds", [1, 60_000, 1_800_000])
def test_a_candle_that_opens_off_the_grid_is_refused(milliseconds: int) -> None:
    off = opens_at(0) + timedelta(milliseconds=milliseconds)
    assert faults(raw_candle(0, open_time=off)) == ["misaligned"]


def test_candles_that_repeat_or_go_back_are_refused() -> None:
    rows = [raw_candle(0, 100), raw_candle(1, 101), raw_candle(1, 102), raw_candle(0, 103)]
    assert faults(*rows, raw_candle(2, 104)) == ["out_of_order", "out_of_order"]
    assert closes(*rows, raw_candle(2, 104)) == [100, 101, 104]


def test_candles_that_we_have_are_dropped_in_silence() -> None:
    rows = [raw_candle(number, 100 + number) for number in range(4)]
    assert closes(*rows, after=candle(1)) == [102, 103]
    assert faults(*rows, after=candle(1)) == []


def test_the_candle_that_is_still_open_is_dropped_in_silence() -> None:
    assert check_rows(raw_candle(100)) == []
    assert closes(raw_candle(99, 42)) == [42]


def test_gaps_are_marked_and_never_filled() -> None:
    found = check_rows(raw_candle(1), raw_candle(2), raw_candle(5), raw_candle(6), after=candle(0))
    assert found == [candle(1), candle(2), candle(5, gap_before=True), candle(6)]


def test_a_refused_candle_leaves_a_gap() -> None:
    bad = raw_candle(1, close=Decimal("NaN"))
    _, refusal, after = check_rows(raw_candle(0), bad, raw_candle(2))
    assert refusal == Refusal(BTC, "not_a_price", f"{opens_at(1).isoformat()} close=NaN")
    assert after == candle(2, gap_before=True)


def test_the_very_first_candle_has_no_gap_before_it() -> None:
    assert check_rows(raw_candle(7)) == [candle(7)]


def test_a_lone_spike_is_refused() -> None:
    rows = raw_candle(0), raw_candle(1, 1000), raw_candle(2, 101)
    assert (faults(*rows), closes(*rows)) == (["spike"], [100, 101])


def test_a_spike_is_believed_when_the_next_candle_agrees() -> None:
    rows = raw_candle(0), raw_candle(1, 50), raw_candle(2, 51), raw_candle(3, 50)
    assert (faults(*rows), closes(*rows)) == (["spike"], [100, 51, 50])


def test_a_spike_counts_from_the_candle_we_have() -> None:
    assert faults(raw_candle(1, 1000), after=candle(0)) == ["spike"]


AMOUNTS = st.one_of(
    st.integers(60, 140).map(Decimal),
    st.sampled_from([Decimal(text) for text in [*NO_AMOUNTS, "0", "5000"]]),
)
MESSES = st.lists(
    st.builds(
        RawCandle,
        open_time=st.integers(0, 30).map(lambda number: opens_at(0) + number * HOUR / 2),
        open=AMOUNTS,
        high=AMOUNTS | st.just(Decimal(150)),
        low=AMOUNTS | st.just(Decimal(50)),
        close=AMOUNTS,
        volume=AMOUNTS,
    ),
    max_size=20,
)


@settings(max_examples=200)
@given(MESSES, st.none() | st.just(candle(2)))
def test_whatever_comes_only_sound_candles_pass(rows: list[Any], after: Candle | None) -> None:
    believed = [item for item in check_rows(*rows, after=after) if isinstance(item, Candle)]
    for row in believed:
        assert all(is_price(price) for price in (row.open, row.high, row.low, row.close))
        assert row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high
        assert row.volume.is_finite()
        assert (row.open_time - START) % HOUR == timedelta(0)
    for before, row in pairwise([after, *believed] if after else believed):
        assert row.open_time > before.open_time
        assert row.gap_before == (row.open_time - before.open_time > HOUR)
