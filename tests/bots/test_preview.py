"""Does the preview follow what was decided, and count what it cost?"""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from nexus.bots.preview import ZERO, PastDecision, Preview, preview

AT = datetime(2026, 3, 2, tzinfo=UTC)
FEE = Decimal(10)
ENTER = PastDecision(AT, "enter", 1, Decimal(100), Decimal("0.4"), blocked=False, reason="")
ADD = replace(ENTER, action="add", layer=2, price=Decimal(110), target_fraction=Decimal(1))
REDUCE = replace(ENTER, action="reduce", target_fraction=Decimal("0.2"))
EXIT = replace(ENTER, action="exit", price=Decimal(120), target_fraction=Decimal(0))


def follow(*decisions: PastDecision, fee: Decimal = Decimal(0)) -> Preview:
    return preview(decisions, Decimal(1000), fee)


def test_a_whole_trade_wins_what_the_price_rose() -> None:
    seen = follow(ENTER, EXIT)
    assert [(step.state, step.amount) for step in seen.steps] == [
        ("sold", Decimal(480)),
        ("bought", Decimal(400)),
    ]
    assert (seen.trades, seen.result, seen.invested) == (1, Decimal(80), ZERO)


def test_fees_are_in_the_result() -> None:
    seen = follow(ENTER, EXIT, fee=FEE)
    assert seen.fees == Decimal("0.4") + Decimal("0.48")
    assert seen.result == 80 - seen.fees


def test_a_layer_fills_up_to_its_share() -> None:
    seen = follow(ENTER, ADD)
    assert [step.amount for step in seen.steps] == [600, 400]
    assert (seen.invested, seen.trades) == (Decimal(1000), 0)


def test_a_reduction_sells_its_share_and_the_trade_goes_on() -> None:
    seen = follow(ENTER, REDUCE)
    assert (seen.steps[0].state, seen.steps[0].amount) == ("sold", Decimal(200))
    assert seen.steps[0].result == 0
    assert (seen.invested, seen.trades) == (Decimal(200), 0)
    left = follow(ENTER, REDUCE, EXIT)
    assert (left.result, left.trades) == (Decimal(40), 1)


def test_a_trade_that_had_begun_is_not_joined() -> None:
    seen = follow(ADD, EXIT, ENTER)
    assert [step.state for step in seen.steps] == ["bought", "waiting", "waiting"]


def test_what_the_gate_blocked_is_told_and_not_followed() -> None:
    seen = follow(replace(ENTER, blocked=True, reason="Crash guard."), EXIT)
    assert [step.state for step in seen.steps] == ["waiting", "blocked"]
    assert (seen.steps[1].reason, seen.blocked, seen.result) == ("Crash guard.", 1, ZERO)


def test_nothing_decided_is_nothing_seen() -> None:
    assert follow() == Preview((), 0, Decimal(0), Decimal(0), 0, Decimal(0))
