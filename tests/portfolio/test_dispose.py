"""Does each sale come out of the oldest purchases, to the last unit and cent?"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from nexus.portfolio.dispose import Disposal, Lots
from nexus.portfolio.search_trades import Trade
from tests.templates.samples_portfolio import AT, BOUGHT

DAY = timedelta(days=1)


def trade(side: str, quantity: str, price: str, fee: str = "0", asset: str = "USDT") -> Trade:
    return replace(
        BOUGHT, side=side, quantity=Decimal(quantity), price=Decimal(price), fee=Decimal(fee),
        fee_asset=asset,
    )  # fmt: skip


def taken(*trades: Trade) -> list[Disposal]:
    """Take trades a day apart; gives all disposals."""
    lots = Lots()
    dated = [replace(one, at=AT + DAY * day) for day, one in enumerate(trades)]
    return [part for one in dated for part in lots.take(one)]


def test_the_oldest_purchase_is_sold_first() -> None:
    found = taken(trade("buy", "1", "100"), trade("buy", "1", "200"), trade("sell", "1", "250"))
    assert [(part.acquired, part.cost, part.result) for part in found] == [
        (AT, Decimal(100), Decimal(150))
    ]


def test_a_sale_out_of_two_purchases_has_a_line_for_each_and_adds_up() -> None:
    found = taken(
        trade("buy", "1", "100", "1"), trade("buy", "2", "200", "4"),
        trade("sell", "2", "300", "3"),
    )  # fmt: skip
    assert [part.acquired for part in found] == [AT, AT + DAY]
    assert [part.cost for part in found] == [101, 202]
    assert [part.result for part in found] == [Decimal("197.5"), Decimal("96.5")]


def test_parts_add_up_exactly_where_thirds_do_not() -> None:
    found = taken(
        *[trade("buy", "1", "100")] * 3, trade("sell", "3", "33.333333333333", "0.1"),
    )  # fmt: skip
    assert sum(part.proceeds for part in found) == Decimal("99.999999999999")
    assert sum(part.fee for part in found) == Decimal("0.1")
    assert sum(part.quantity for part in found) == 3


def test_fees_in_coins_make_the_lot_smaller_and_leave_with_the_sale() -> None:
    (part,) = taken(
        trade("buy", "1", "100", "0.1", "BTC"), trade("sell", "0.8", "200", "0.1", "BTC")
    )
    assert (part.quantity, part.cost, part.proceeds, part.result) == (
        Decimal("0.9"), Decimal(100), Decimal(160), Decimal(60),
    )  # fmt: skip


def test_a_fee_in_a_third_asset_is_shown_and_moves_nothing() -> None:
    (part,) = taken(
        trade("buy", "1", "100", "0.01", "BNB"), trade("sell", "1", "90", "0.02", "BNB")
    )
    assert (part.cost, part.fee, part.result) == (
        Decimal(100),
        Decimal("0.02"),
        Decimal(-10),
    )


def test_what_nobody_saw_bought_has_no_cost_and_no_result() -> None:
    known, unknown = taken(trade("buy", "1", "100"), trade("sell", "3", "100"))
    assert (known.cost, known.result) == (Decimal(100), Decimal(0))
    assert (unknown.acquired, unknown.cost, unknown.result) == (None, None, None)
    assert (unknown.quantity, unknown.proceeds) == (Decimal(2), Decimal(200))
