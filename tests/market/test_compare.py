"""Does a dispute between two sources come to light, and end when they agree again?"""

from datetime import timedelta
from decimal import Decimal

import pytest

from nexus.exchanges.market_data import RawTicker
from nexus.market.check import Believed
from nexus.market.compare import Comparison
from nexus.market.snapshot import Dispute
from tests.market.candles import BTC, START
from tests.market.scripted import market_settings

MINUTE = timedelta(minutes=1)


@pytest.fixture
def comparison() -> Comparison:
    return Comparison(market_settings(market_compare_seconds=60, market_dispute_bps="100"))


def compare(comparison: Comparison, price: str, *, age: timedelta = timedelta()) -> Dispute | None:
    """Compare our 100 with another source's price of some age."""
    ours = {BTC: Believed(Decimal(100), START, "primary")}
    comparison.compare(ours, [RawTicker(BTC, Decimal(price), START - age)], "fallback", START)
    return comparison.dispute(BTC, START)


@pytest.mark.parametrize("price", ["99", "99.5", "100", "101"])
def test_a_small_difference_is_none(comparison: Comparison, price: str) -> None:
    assert compare(comparison, price) is None
    assert not comparison.is_due(START + MINUTE / 2)
    assert comparison.is_due(START + MINUTE)


@pytest.mark.parametrize("price", ["98.9", "101.1", "50", "200"])
def test_a_large_one_is_a_dispute_and_is_looked_at_again_at_once(
    comparison: Comparison, price: str
) -> None:
    assert compare(comparison, price) == Dispute(
        "primary", Decimal(100), "fallback", Decimal(price)
    )
    assert comparison.is_due(START + timedelta(seconds=5))
    assert comparison.dispute("ETH/USDT", START) is None


def test_it_ends_when_they_agree(comparison: Comparison) -> None:
    assert compare(comparison, "90") is not None
    assert compare(comparison, "100") is None


@pytest.mark.parametrize("price", ["NaN", "Infinity", "0", "-1"])
def test_what_is_no_price_disputes_nothing(comparison: Comparison, price: str) -> None:
    assert compare(comparison, price) is None


def test_prices_of_different_moments_may_both_be_right(comparison: Comparison) -> None:
    assert compare(comparison, "90", age=timedelta(minutes=10)) is None


def test_it_is_forgotten_when_the_other_source_stays_away(comparison: Comparison) -> None:
    assert compare(comparison, "90") is not None
    assert comparison.dispute(BTC, START + 3 * MINUTE) is not None
    assert comparison.dispute(BTC, START + 3 * MINUTE + timedelta(seconds=1)) is None


def test_before_the_first_comparison_there_is_no_dispute(comparison: Comparison) -> None:
    assert comparison.is_due(START)
    assert comparison.dispute(BTC, START) is None
