"""Does everything that can happen have words a person understands?"""

from dataclasses import replace
from decimal import Decimal

import pytest

from nexus.execution.events import OrderMoved
from nexus.execution.models import OrderRow
from nexus.fanout.events import PlanRefused
from nexus.feed.words import (
    order_amount,
    order_words,
    refusal_words,
    yours,
)
from tests.feed.reasons import statuses_of
from tests.scenes import AT

BOUGHT = OrderMoved(
    order_id=1,
    bot_id=1,
    user_id=1,
    symbol="BTC/USDT",
    side="buy",
    action="enter",
    status="FILLED",
    quantity=Decimal("0.008"),
    average_price=Decimal(50_000),
    fee=Decimal("0.000008"),
    fee_asset="BTC",
    reason="",
    at=AT,
)
REFUSED = PlanRefused(1, 1, 1, "BTC/USDT", "buy", "enter", "SLIPPAGE: moved_bps=81 cap_bps=50", AT)


# --------------------------------------------------------------------------------- orders
def test_a_purchase() -> None:
    assert order_words(BOUGHT) == (
        "bought",
        "Bought 0.008 BTC",
        "Entered a trade at 50,000.00 USDT, fee 0.000008 BTC",
    )
    assert order_amount(BOUGHT) == 400


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("enter", "Entered a trade"),
        ("add", "Added a layer"),
        ("reduce", "Reduced the trade"),
        ("exit", "Left the trade"),
        ("close", "Closed at market"),
        ("stop", "The exchange sold at your stop"),
    ],
)
def test_every_action_has_words(action: str, words: str) -> None:
    side = "buy" if action in ("enter", "add") else "sell"
    told = order_words(replace(BOUGHT, action=action, side=side, fee_asset=""))
    assert told is not None
    kind, title, detail = told
    assert kind == {"buy": "bought", "sell": "sold"}[side]
    assert title.startswith({"buy": "Bought", "sell": "Sold"}[side])
    assert detail == f"{words} at 50,000.00 USDT, no fee"


@pytest.mark.parametrize("status", sorted(statuses_of(OrderRow)))
def test_every_state_without_a_trade_is_told_with_words_or_is_no_news(status: str) -> None:
    moved = replace(BOUGHT, status=status, quantity=Decimal(0), average_price=None)
    told = order_words(moved)
    if status in ("SENDING", "ACKED", "FILLED"):
        assert told is None
        return
    assert told is not None
    kind, title, detail = told
    assert kind == ("notice" if status == "UNKNOWN" else "failed")
    assert title.startswith("BTC/USDT: ")
    assert detail.endswith("."), "never an empty explanation"
    assert order_amount(moved) is None


@pytest.mark.parametrize("status", ["CANCELED", "EXPIRED"])
def test_what_was_filled_before_the_end_is_told_as_a_trade(status: str) -> None:
    told = order_words(replace(BOUGHT, status=status))
    assert told is not None
    assert told[:2] == ("bought", "Bought 0.008 BTC")


def test_a_fill_that_goes_on_is_told_at_its_end() -> None:
    assert order_words(replace(BOUGHT, status="ACKED")) is None


def test_a_refusal() -> None:
    assert refusal_words(REFUSED) == (
        "denied",
        "BTC/USDT: no buy order",
        "The price had moved too far since the decision.",
    )
    assert refusal_words(replace(REFUSED, side="sell"))[1] == "BTC/USDT: no sell order"


def test_what_a_decision_did_to_you() -> None:
    said = yours("sell", Decimal("0.0160"), Decimal("812.345"), "BTC/USDT")
    assert said == "Your bots sold 0.016 BTC for 812.34 USDT."
