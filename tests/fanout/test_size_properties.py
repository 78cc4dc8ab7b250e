"""Whatever the numbers: is an order within every limit, and is what is sold there?"""

from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nexus.exchanges.protocol import Filters, Side
from nexus.fanout.size import (
    Denial,
    Leg,
    Seat,
    round_down,
    size,
)
from tests.fanout.sizing import ADD, BTC, EXIT, HOLDING, REDUCE, RULES


def amounts(low: str, high: str, places: int = 8) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


STEPS = st.sampled_from([Decimal(text) for text in ("0.00000001", "0.00001", "0.01", "0.5", "1")])
ANY_FILTERS = st.builds(
    Filters,
    symbol=st.just(BTC),
    tick_size=st.just(Decimal("0.01")),
    step_size=STEPS,
    min_quantity=amounts("0", "1"),
    max_quantity=amounts("0.5", "9000"),
    min_notional=amounts("0", "20"),
)
ANY_SEAT = st.builds(
    replace,
    st.just(HOLDING),
    allocation=amounts("1", "100000"),
    max_order=st.none() | amounts("1", "100000"),
    held=amounts("0.00000001", "1000"),
    cost=amounts("0", "1000"),
    free_quote=amounts("-10", "100000"),
    free_base=amounts("0", "1000"),
    tier_left=amounts("-10", "100000"),
)
PRICE = amounts("0.00000001", "100000")
SHARE = amounts("0", "1", places=4)


@settings(max_examples=200)
@given(ANY_SEAT, ANY_FILTERS, PRICE, SHARE)
def test_whatever_is_bought_is_within_every_limit(
    seat: Seat, filters: Filters, price: Decimal, target: Decimal
) -> None:
    result = size(seat, replace(ADD, price=price, target_fraction=target), filters, RULES)
    if isinstance(result, Denial):
        return
    assert isinstance(result, Leg)
    value = result.quantity * price
    assert result.side is Side.BUY
    assert 0 < result.quantity <= filters.max_quantity
    assert result.quantity % filters.step_size == 0
    assert result.quantity >= filters.min_quantity
    assert value >= filters.min_notional * Decimal("1.05")
    assert value <= seat.allocation * target - seat.cost
    assert value * (1 + RULES.slippage_cap_bps / 10_000) <= seat.free_quote
    assert seat.tier_left is not None
    assert value <= seat.tier_left
    assert seat.max_order is None or value <= seat.max_order


@settings(max_examples=200)
@given(ANY_SEAT, ANY_FILTERS, SHARE, SHARE)
def test_whatever_is_sold_is_there(
    seat: Seat, filters: Filters, target: Decimal, leader: Decimal
) -> None:
    assume(target < leader)
    what = replace(REDUCE, target_fraction=target, leader_fraction=leader)
    part = size(seat, what, filters, RULES)
    whole = size(seat, EXIT, filters, RULES)
    for result in (part, whole):
        if isinstance(result, Leg):
            assert result.side is Side.SELL
            assert filters.min_quantity <= result.quantity <= filters.max_quantity
            assert 0 < result.quantity <= min(seat.held, seat.free_base)
            assert result.quantity % filters.step_size == 0
    if isinstance(part, Leg):
        assert isinstance(whole, Leg)
        assert part.quantity <= whole.quantity


@settings(max_examples=200)
@given(amounts("0", "1000000", places=12), STEPS)
def test_rounding_loses_less_than_a_step(quantity: Decimal, step: Decimal) -> None:
    rounded = round_down(quantity, step)
    assert rounded % step == 0
    assert 0 <= quantity - rounded < step
