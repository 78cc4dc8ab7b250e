"""Is every bot's order within every limit, and every refusal told with its numbers?"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from nexus.exchanges.protocol import Filters
from nexus.fanout.size import (
    Denial,
    NotYet,
    Seat,
    Wish,
    plain,
    round_down,
    size_close,
)
from tests.fanout.sizing import (
    ADD,
    BTC,
    ENTER,
    EXIT,
    FILTERS,
    FLAT,
    HOLDING,
    REDUCE,
    buys,
    sells,
    sized,
    wish,
)


# ---------------------------------------------------------------------------------------- buying
def test_it_buys_the_leaders_share_of_its_own_allocation() -> None:
    assert sized(ENTER) == buys("4")


def test_it_adds_what_is_missing_to_the_new_share() -> None:
    assert sized(ADD, HOLDING) == buys("3")
    assert sized(ADD, HOLDING, cost="399") == buys("3.01"), "what it paid counts, not the price"


def test_quantities_are_rounded_down() -> None:
    assert sized(wish("enter", price="333")) == buys("1.201")


@pytest.mark.parametrize(
    ("changes", "quantity"),
    [
        ({"free_quote": "100.5"}, "1"),
        ({"tier_left": "150"}, "1.5"),
        ({"max_order": "120"}, "1.2"),
        ({"max_order": "120", "tier_left": "110", "free_quote": "105.525"}, "1.05"),
        ({"max_order": "500", "tier_left": "400", "free_quote": "402"}, "4"),
    ],
)
def test_the_tightest_limit_counts(changes: dict[str, Any], quantity: str) -> None:
    assert sized(ENTER, **changes) == buys(quantity)


def test_no_order_is_larger_than_the_venue_takes() -> None:
    assert sized(ENTER, filters=replace(FILTERS, max_quantity=Decimal(2))) == buys("2")
    uneven = replace(FILTERS, max_quantity=Decimal("2.0005"))
    assert sized(ENTER, filters=uneven) == buys("2")


@pytest.mark.parametrize(
    ("what", "seat", "changes", "reason"),
    [
        (ENTER, FLAT, {"account_status": "key_invalid"}, "ACCOUNT_NOT_ACTIVE: status=key_invalid"),
        (EXIT, HOLDING, {"account_status": "removed"}, "ACCOUNT_NOT_ACTIVE: status=removed"),
        (ENTER, FLAT, {"status": "paused"}, "BOT_PAUSED: status=paused"),
        (ADD, HOLDING, {"status": "closing"}, "BOT_CLOSING: status=closing"),
        (ADD, HOLDING, {"trade_id": 6}, "NOT_IN_TRADE: trade=7"),
        (ADD, FLAT, {}, "NOT_IN_TRADE: trade=7"),
        (
            ENTER,
            FLAT,
            {"has_live_order": True},
            "ORDER_OPEN: an earlier order of this bot is not settled yet",
        ),
        (ENTER, FLAT, {"tier_left": None}, "NO_TIER: a valid tier is needed to enter a trade"),
        (ENTER, FLAT, {"cost": "400"}, "ALREADY_INVESTED: invested=400"),
        (ENTER, FLAT, {"cost": "400.5"}, "ALREADY_INVESTED: invested=400.5"),
        (ENTER, FLAT, {"allocation": "13"}, "ORDER_BELOW_MINIMUM: free=5.2 needed=5.25"),
        (ENTER, FLAT, {"cost": "399"}, "ORDER_BELOW_MINIMUM: free=1 needed=5.25"),
        (ENTER, FLAT, {"free_quote": "3.1155"}, "BALANCE_BELOW_MINIMUM: free=3.1 needed=5.25"),
        (ENTER, FLAT, {"free_quote": "-3"}, "BALANCE_BELOW_MINIMUM: free=0 needed=5.25"),
        (ENTER, FLAT, {"tier_left": "0"}, "TIER_BELOW_MINIMUM: free=0 needed=5.25"),
        (ENTER, FLAT, {"tier_left": "-20"}, "TIER_BELOW_MINIMUM: free=0 needed=5.25"),
        (ENTER, FLAT, {"max_order": "5.2"}, "USER_LIMIT_BELOW_MINIMUM: free=5.2 needed=5.25"),
        (REDUCE, FLAT, {}, "NOT_IN_TRADE: trade=7"),
        (EXIT, HOLDING, {"held": "0"}, "NOT_IN_TRADE: trade=7"),
        (EXIT, HOLDING, {"trade_id": 6}, "NOT_IN_TRADE: trade=7"),
        (EXIT, HOLDING, {"held": "0.0009"}, "DUST: held=0.0009 needed=0.001"),
        (EXIT, HOLDING, {"free_base": "0"}, "DUST: held=0 needed=0.001"),
    ],
)
def test_a_denial_says_why(what: Wish, seat: Seat, changes: dict[str, Any], reason: str) -> None:
    assert sized(what, seat, **changes) == Denial(reason)


@pytest.mark.parametrize("what", [ENTER, ADD, REDUCE, EXIT])
@pytest.mark.parametrize("filters", [None, replace(FILTERS, trading=False)])
def test_a_symbol_that_does_not_trade_is_denied(what: Wish, filters: Filters | None) -> None:
    denial = Denial("SYMBOL_NOT_TRADING: symbol=BTC/USDT venue=binance")
    assert sized(what, HOLDING, filters) == denial


def test_what_is_too_little_after_rounding_is_denied() -> None:
    coarse = replace(FILTERS, step_size=Decimal("0.1"))
    told = sized(wish("enter", price="60"), filters=coarse, allocation="14.9")
    assert told == Denial("ORDER_BELOW_MINIMUM: free=5.96 needed=6"), "a step is worth 6"


def test_the_smallest_quantity_may_weigh_more_than_the_smallest_value() -> None:
    whole = replace(FILTERS, step_size=Decimal(1), min_quantity=Decimal(1))
    assert sized(ENTER, filters=whole, allocation="250") == Denial(
        "ORDER_BELOW_MINIMUM: free=100 needed=105"
    )
    assert sized(ENTER, filters=whole, allocation="270") == Denial(
        "ORDER_BELOW_MINIMUM: free=108 needed=200"
    )
    assert sized(ENTER, filters=whole, allocation="500") == buys("2")


@pytest.mark.parametrize("step", ["0.001", "1", "0"])
def test_an_order_of_exactly_the_minimum_and_its_margin_is_placed(step: str) -> None:
    cheap = replace(FILTERS, max_quantity=Decimal(1_000_000), step_size=Decimal(step))
    what = wish("enter", price="0.05")
    assert sized(what, filters=cheap, allocation="13.125") == buys("105")
    denied = sized(what, filters=cheap, allocation="13.1249")
    assert denied == Denial("ORDER_BELOW_MINIMUM: free=5.24996 needed=5.25")


def test_what_is_needed_is_told_exactly_where_there_are_no_steps() -> None:
    smooth = replace(FILTERS, step_size=Decimal(0))
    denied = sized(wish("enter", price="3.33333333"), filters=smooth, max_order="4")
    assert denied == Denial("USER_LIMIT_BELOW_MINIMUM: free=4 needed=5.25")


def test_a_venue_without_minimums_is_sent_nothing_empty() -> None:
    free = replace(FILTERS, min_quantity=Decimal(0), min_notional=Decimal(0))
    assert sized(ENTER, filters=free, max_order="0.09") == Denial(
        "USER_LIMIT_BELOW_MINIMUM: free=0.09 needed=0.1"
    )


# --------------------------------------------------------------------------------------- selling
@pytest.mark.parametrize("status", ["running", "paused"])
def test_an_exit_sells_all_the_bot_holds_and_no_more(status: str) -> None:
    assert sized(EXIT, HOLDING, status=status) == sells("4")


def test_never_more_is_sold_than_the_account_has() -> None:
    assert sized(EXIT, HOLDING, free_base="3.9999") == sells("3.999")


@pytest.mark.parametrize(
    ("target", "leader", "quantity"),
    [("0.1", "0.4", "3"), ("0.3", "0.4", "1"), ("0", "0.4", "4"), ("0.2", "0.3", "1.333")],
)
def test_a_reduce_sells_as_large_a_part_as_the_leader(
    target: str, leader: str, quantity: str
) -> None:
    assert sized(wish("reduce", target, leader), HOLDING) == sells(quantity)


def test_an_exit_needs_no_tier_and_no_money() -> None:
    assert sized(EXIT, HOLDING, tier_left=None, free_quote="-5", max_order="1") == sells("4")


@pytest.mark.parametrize("what", [REDUCE, EXIT])
def test_while_an_order_is_open_selling_waits(what: Wish) -> None:
    assert sized(what, HOLDING, has_live_order=True) == NotYet()


def test_no_sale_is_larger_than_the_venue_takes() -> None:
    assert sized(EXIT, HOLDING, replace(FILTERS, max_quantity=Decimal("2.5"))) == sells("2.5")
    assert sized(EXIT, HOLDING, replace(FILTERS, max_quantity=Decimal("2.5005"))) == sells("2.5")


def test_the_smallest_quantity_is_not_dust() -> None:
    dear = wish("exit", "0", "0.4", price="5000")
    assert sized(dear, HOLDING, held="0.001") == sells("0.001")


def test_what_is_worth_less_than_the_smallest_order_is_dust() -> None:
    assert sized(EXIT, HOLDING, held="0.05") == sells("0.05")
    assert sized(EXIT, HOLDING, held="0.049") == Denial("DUST: worth=4.9 needed=5")


# --------------------------------------------------------------------------------------- closing
def test_closing_sells_whatever_the_leader_does() -> None:
    seat = replace(HOLDING, trade_id=None, status="closing")
    assert size_close(seat, BTC, Decimal(100), FILTERS) == sells("4")


def test_closing_knows_its_refusals() -> None:
    assert size_close(replace(HOLDING, has_live_order=True), BTC, Decimal(100), None) == NotYet()
    assert size_close(HOLDING, BTC, Decimal(100), None) == Denial(
        "SYMBOL_NOT_TRADING: symbol=BTC/USDT venue=binance"
    )
    assert size_close(HOLDING, BTC, Decimal(100), replace(FILTERS, trading=False)) == Denial(
        "SYMBOL_NOT_TRADING: symbol=BTC/USDT venue=binance"
    )
    assert size_close(FLAT, BTC, Decimal(100), FILTERS) == Denial("DUST: held=0 needed=0.001")


# ------------------------------------------------------------------------------------ arithmetic
@pytest.mark.parametrize(
    ("quantity", "step", "rounded"),
    [("1.2349", "0.001", "1.234"), ("7", "5", "5"), ("0.9", "1", "0"), ("1.23", "0", "1.23")],
)
def test_rounding_goes_down(quantity: str, step: str, rounded: str) -> None:
    assert round_down(Decimal(quantity), Decimal(step)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0"),
        ("0E-12", "0"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("5.250000000000", "5.25"),
        ("0.000000019", "0.00000001"),
        ("999999999999999.123456789", "999999999999999.12345678"),
    ],
)
def test_amounts_are_written_plainly(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text
