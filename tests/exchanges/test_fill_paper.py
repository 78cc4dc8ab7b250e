"""Does a paper fill cost what a real one would, and never less?"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus.exchanges.fill_paper import Book, PaperCosts, PaperFill, fill
from nexus.exchanges.paper import plain_filters
from nexus.exchanges.protocol import Account, Filters, Intent, Rejected, Side

COSTS = PaperCosts(fee_bps=Decimal(10), slippage_bps=Decimal(2))
ACCOUNT = Account(1, "paper", "default", 0)


def intent(side: Side, quantity: str) -> Intent:
    return Intent(1, ACCOUNT, "nx-1", "BTC/USDT", side, Decimal(quantity), Decimal(50_000))


def book(**free: str) -> Book:
    return {(1, asset): Decimal(amount) for asset, amount in free.items()}


def test_a_buy_pays_more_and_its_fee_in_what_it_receives() -> None:
    free = book(USDT="1000")
    result = fill(intent(Side.BUY, "0.01"), Decimal(50_000), plain_filters("BTC/USDT"), free, COSTS)
    assert isinstance(result, PaperFill)
    assert (result.price, result.quote) == (Decimal(50_010), Decimal("500.10"))
    assert (result.fee, result.fee_asset) == (Decimal("0.00001"), "BTC")
    assert free == book(USDT="499.90", BTC="0.00999")


def test_a_sale_brings_less_and_pays_its_fee_in_quote() -> None:
    free = book(BTC="0.01")
    result = fill(
        intent(Side.SELL, "0.01"), Decimal(50_000), plain_filters("BTC/USDT"), free, COSTS
    )
    assert isinstance(result, PaperFill)
    assert (result.price, result.quote) == (Decimal(49_990), Decimal("499.90"))
    assert (result.fee, result.fee_asset) == (Decimal("0.4999"), "USDT")
    assert free == book(BTC="0", USDT="499.4001")


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        ("0.000001", "Filter failure: LOT_SIZE"),
        ("0.0000123", "Filter failure: LOT_SIZE"),
        ("2000000000", "Filter failure: LOT_SIZE"),
        ("-1", "Filter failure: LOT_SIZE"),
        ("NaN", "Filter failure: LOT_SIZE"),
        ("Infinity", "Filter failure: LOT_SIZE"),
        ("0.00005", "Filter failure: NOTIONAL"),
    ],
)
def test_it_refuses_what_the_venue_would(quantity: str, message: str) -> None:
    free = book(USDT="1e12")
    order = intent(Side.BUY, quantity)
    result = fill(order, Decimal(50_000), plain_filters("BTC/USDT"), free, COSTS)
    assert result == Rejected(-1013, message)
    assert free == book(USDT="1e12")


def test_a_symbol_that_does_not_trade_is_refused() -> None:
    halted = Filters(
        "BTC/USDT", Decimal(0), Decimal(0), Decimal(0), Decimal(9), Decimal(0), trading=False
    )
    result = fill(intent(Side.BUY, "1"), Decimal(1), halted, book(USDT="10"), COSTS)
    assert result == Rejected(-1013, "Market is closed.")


@pytest.mark.parametrize("side", Side)
def test_what_is_not_there_cannot_be_spent(side: Side) -> None:
    free = book(USDT="500.09", BTC="0.00999")
    result = fill(intent(side, "0.01"), Decimal(50_000), plain_filters("BTC/USDT"), free, COSTS)
    assert isinstance(result, Rejected)
    assert result.code == -2010
    assert free == book(USDT="500.09", BTC="0.00999")


@given(
    quantity=st.decimals("0.00001", "1000", places=5),
    price=st.decimals("5000", "1000000", places=2),
    side=st.sampled_from(Side),
)
def test_nobody_is_flattered_and_nothing_is_lost(
    quantity: Decimal, price: Decimal, side: Side
) -> None:
    """Money only moves: the fee and the other side's part account for every hundred-millionth."""
    free = book(USDT="1e14", BTC="1e6")
    order = Intent(1, ACCOUNT, "nx-1", "BTC/USDT", side, quantity, price)
    filters = Filters("BTC/USDT", Decimal(0), Decimal(0), Decimal(0), Decimal(1000), Decimal(0))
    result = fill(order, price, filters, free, COSTS)
    assert isinstance(result, PaperFill)
    sign = 1 if side is Side.BUY else -1
    assert sign * (result.price - price) >= 0
    assert sign * (result.quote - quantity * result.price) >= 0
    base_fee = result.fee if result.fee_asset == "BTC" else 0
    quote_fee = result.fee if result.fee_asset == "USDT" else 0
    assert free[1, "BTC"] == Decimal("1e6") + sign * quantity - base_fee
    assert free[1, "USDT"] == Decimal("1e14") - sign * result.quote - quote_fee
