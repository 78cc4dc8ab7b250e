"""Does everything that can happen have words a person understands?"""

import ast
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from nexus.bots.models import Bot
from nexus.execution.events import OrderMoved
from nexus.execution.models import OrderRow
from nexus.fanout.events import PlanRefused
from nexus.feed.words import (
    SENTENCES,
    order_amount,
    order_words,
    refusal_words,
    sentence,
    yours,
)
from tests.feed.reasons import COMPUTED, SOURCE, all_reasons, reasons_in, spelt_out
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


def checks_of(table: type) -> str:
    """Give the text of a table's check on its status."""
    [text] = [
        str(check.sqltext)
        for check in table.__table__.constraints  # type: ignore[attr-defined]
        if "status IN" in str(getattr(check, "sqltext", ""))
    ]
    return text


def statuses_of(table: type) -> set[str]:
    return set(re.findall(r"'(\w+)'", checks_of(table)))


# --------------------------------------------------------------------------------- reasons
@pytest.mark.parametrize("reason", all_reasons())
def test_every_reason_that_can_be_written_has_a_sentence(reason: str) -> None:
    said = sentence(reason)
    assert said != reason, f"words.py has no sentence for {reason.partition(':')[0]}"
    assert re.fullmatch(r"[A-Z][^{}_=]+\.", said), said
    assert "!" not in said


def test_the_reasons_are_really_found() -> None:
    codes = {reason.partition(":")[0] for reason in all_reasons()}
    assert {"BOT_PAUSED", "TIER_BELOW_MINIMUM", "SLIPPAGE", "NOT_PLACED", "DUST"} <= codes
    assert {"GATE_CLOSED", "STOPPED", "TOO_OLD", "BOT_CLOSING", "UNKNOWN"} <= codes


def test_no_sentence_waits_for_a_code_that_nobody_writes() -> None:
    codes = {reason.partition(":")[0] for reason in all_reasons()}
    assert set(SENTENCES) - codes == {"NOTHING_TRADED"}, "said by words.py itself"


def test_a_planted_reason_is_seen() -> None:
    planted = 'def f(n):\n    """BOT_X: no."""\n    return Denial(f"NEW_CODE: left={n}")'
    assert reasons_in(planted) == {"NEW_CODE: left={}"}
    assert sentence("NEW_CODE: left=1") == "NEW_CODE: left=1"


def test_what_is_computed_in_a_code_is_all_of_it() -> None:
    assert set(COMPUTED["BOT_{}"]) == {s.upper() for s in statuses_of(Bot)} - {"RUNNING"}
    tree = ast.parse((SOURCE / "fanout" / "size.py").read_text())
    strings = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    limits = {text for text in strings if re.fullmatch("[A-Z_]*[A-Z]", text)}
    assert set(COMPUTED["{}_BELOW_MINIMUM"]) == limits
    with pytest.raises(KeyError):
        spelt_out("{}_NEW: left={}")


def test_numbers_of_a_reason_stand_in_its_sentence() -> None:
    said = sentence("BALANCE_BELOW_MINIMUM: free=4.2 needed=5.25")
    assert said == "The account had too little free: 4.2 of at least 5.25."


@pytest.mark.parametrize(
    "reason", ["BALANCE_BELOW_MINIMUM: free=4.2", "SOMETHING_NEW: a=1", "A plain sentence.", ""]
)
def test_what_cannot_be_put_into_words_is_shown_as_it_stands(reason: str) -> None:
    assert sentence(reason) == reason


def test_what_an_exchange_says_never_becomes_part_of_our_sentence() -> None:
    said = sentence("REJECTED: code=-1013 message=Filter failure: <b>LOT_SIZE</b> needed={free}")
    assert said == "The exchange refused the order. Nothing was traded."


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
        ("close", "Closed by you"),
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
