"""Does a position follow from its fills alone, with no unit and no cent lost?"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus.bots.hold import Execution, Held, after_fill

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CENT_OF_A_CENT = Decimal("1e-15")
"""Far below the twelve places that are stored: what division may leave over."""


def fill(
    side: str, quantity: str, price: str = "100", fee: str = "0", at: datetime = NOON
) -> Execution:
    """Make a fill; the fee is written as `1 USDT`."""
    amount, _, asset = fee.partition(" ")
    return Execution(
        buys=side == "buy",
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(amount),
        fee_asset=asset or "USDT",
        at=at,
    )


def trade(*, buys: bool, price: Decimal, quantity: Decimal) -> Execution:
    """Make a fill without a fee."""
    return Execution(buys, price, quantity, Decimal(0), "USDT", NOON)


def hold(*fills: Execution, held: Held | None = None) -> Held:
    held = held or Held()
    for each in fills:
        held = after_fill(held, each, "BTC", "USDT")
    return held


def numbers(held: Held) -> tuple[str, str, str]:
    """Give quantity, cost and result without trailing zeros."""
    found = (held.quantity, held.cost, held.realised)
    quantity, cost, realised = (f"{amount.normalize() + 0:f}" for amount in found)
    return quantity, cost, realised


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        ("0", ("2", "200", "0")),
        ("0.2 USDT", ("2", "200.2", "0")),
        ("0.002 BTC", ("1.998", "200", "0")),
        ("0.001 BNB", ("2", "200", "0")),
    ],
)
def test_what_a_buy_costs_depends_on_the_fees_asset(
    fee: str, expected: tuple[str, str, str]
) -> None:
    assert numbers(hold(fill("buy", "2", fee=fee))) == expected


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        ("0", ("1", "100", "20")),
        ("0.12 USDT", ("1", "100", "19.88")),
        ("0.1 BTC", ("0.9", "90", "10")),
        ("0.001 BNB", ("1", "100", "20")),
    ],
)
def test_what_a_sale_brings_depends_on_the_fees_asset(
    fee: str, expected: tuple[str, str, str]
) -> None:
    assert numbers(hold(fill("buy", "2"), fill("sell", "1", "120", fee))) == expected


def test_the_average_cost_counts() -> None:
    held = hold(fill("buy", "1", "100"), fill("buy", "3", "200"), fill("sell", "1", "150"))
    assert numbers(held) == ("3", "525", "-25")


def test_selling_all_leaves_no_cost() -> None:
    held = hold(fill("buy", "3", "100.1"), fill("sell", "1", "90"), fill("sell", "2", "90"))
    assert numbers(held) == ("0", "0", "-30.3")


def test_a_sale_with_its_fee_in_base_never_goes_below_nothing() -> None:
    held = hold(fill("buy", "1"), fill("sell", "1", "110", "0.001 BTC"))
    assert numbers(held) == ("0", "0", "10")


def test_a_sale_of_nothing_held_is_all_result() -> None:
    assert numbers(hold(fill("sell", "1", "110", "1 USDT"))) == ("0", "0", "109")


def test_a_fill_changes_neither_trade_nor_layers() -> None:
    held = hold(fill("buy", "1"), fill("sell", "1"), held=Held(trade_id=7, layers=2))
    assert (held.trade_id, held.layers) == (7, 2)


def amounts(low: str, high: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=8, allow_nan=False, allow_infinity=False)


STEPS = st.lists(
    st.tuples(
        st.booleans(),
        amounts("0.01", "100000"),
        amounts("0.00000001", "1000"),
        amounts("0", "0.01"),
        st.sampled_from(["BTC", "USDT", "BNB"]),
    ),
    max_size=30,
)


@settings(max_examples=200)
@given(STEPS)
def test_value_is_conserved_over_any_life(
    steps: list[tuple[bool, Decimal, Decimal, Decimal, str]],
) -> None:
    """Base: bought - sold - fees = held. Quote: received - paid = result - cost of what is held."""
    held, base, quote = Held(), Decimal(0), Decimal(0)
    for buys, price, wanted, rate, asset in steps:
        quantity = wanted if buys else min(wanted, held.quantity / (1 + rate))
        fee = (quantity if asset == "BTC" else quantity * price) * rate
        sign = 1 if buys else -1
        base += sign * quantity - (fee if asset == "BTC" else 0)
        quote -= sign * quantity * price + (fee if asset == "USDT" else 0)
        held = after_fill(
            held, Execution(buys, price, quantity, fee, asset, NOON), base="BTC", quote="USDT"
        )
        assert held.quantity >= 0
        assert held.cost >= 0
        assert abs(held.quantity - base) < CENT_OF_A_CENT
        assert abs(held.realised - held.cost - quote) < CENT_OF_A_CENT
        if not held.quantity:
            assert held.cost == 0


@settings(max_examples=200)
@given(
    st.lists(st.tuples(amounts("0.01", "100000"), amounts("0.00000001", "1000")), min_size=1),
    amounts("0.01", "100000"),
)
def test_buying_and_selling_all_brings_what_came_in_less_what_went_out(
    buys: list[tuple[Decimal, Decimal]], price: Decimal
) -> None:
    held = hold(*(trade(buys=True, price=at, quantity=much) for at, much in buys))
    paid = sum(at * much for at, much in buys)
    assert held.cost == paid
    left = hold(trade(buys=False, price=price, quantity=held.quantity), held=held)
    assert numbers(left)[:2] == ("0", "0")
    assert left.realised == held.quantity * price - paid


# -------------------------------------------------------------------------------- the day's result
def test_a_days_sales_are_counted_together_fees_included() -> None:
    later = NOON + timedelta(hours=11)
    held = hold(
        fill("buy", "4"), fill("sell", "1", "90", "0.5 USDT"), fill("sell", "1", "110", at=later)
    )
    assert (held.day, round(held.day_result, 9)) == (NOON.date(), Decimal("-0.5"))
    assert held.lost_at == NOON


def test_the_next_day_begins_at_nothing_and_remembers_when_it_lost() -> None:
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    held = hold(fill("buy", "4"), fill("sell", "1", "90"), fill("sell", "1", "120", at=midnight))
    assert (held.day, round(held.day_result, 9)) == (midnight.date(), Decimal(20))
    assert held.lost_at == NOON


def test_a_sale_that_is_told_of_days_later_changes_no_newer_day() -> None:
    yesterday = NOON - timedelta(days=1)
    held = hold(fill("buy", "4"), fill("sell", "1", "120"), fill("sell", "1", "50", at=yesterday))
    assert (held.day, round(held.day_result, 9)) == (NOON.date(), Decimal(20))
    assert held.lost_at == yesterday
    assert round(held.realised, 9) == Decimal(-30)


def test_the_day_is_the_utc_day_wherever_the_clock_stands() -> None:
    tokyo = datetime.fromisoformat("2026-03-03T05:00:00+09:00")
    held = hold(fill("buy", "1"), fill("sell", "1", "90", at=tokyo))
    assert held.day == NOON.date()


def test_buying_and_selling_without_a_loss_are_no_loss() -> None:
    held = hold(fill("buy", "3"), fill("sell", "1", "100"), fill("sell", "1", "100"))
    assert held.lost_at is None, "what a division leaves over is no loss"
    assert round(held.day_result, 9) == 0
