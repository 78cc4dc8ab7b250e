"""Is every plan that may not be sent now refused, expired or kept waiting, for the right reason?"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from nexus.exchanges.protocol import Side
from nexus.execution.weigh import Candidate, Deny, Expire, Limits, Send, Wait, weigh
from tests.scenes import AT
from tests.scripted import PRICE

LIMITS = Limits(
    slippage_cap_bps=Decimal(50),
    price_max_age=timedelta(seconds=45),
    gate_max_age=timedelta(seconds=30),
)
ENTRY = Candidate(
    plan_id=1,
    action="enter",
    strategy="trend",
    side=Side.BUY,
    reference_price=PRICE,
    not_before=AT,
    not_after=AT + timedelta(seconds=60),
    bot_status="running",
    account_status="active",
    trade_is_open=True,
    entitled=True,
    bot_busy=False,
    account_busy=False,
    price=PRICE,
    price_at=AT,
    entries_allowed=True,
    gate_code="",
    gate_at=AT,
)
EXIT = replace(ENTRY, action="exit", side=Side.SELL)
CLOSE = replace(EXIT, action="close", bot_status="closing")
NOTHING: dict[str, Any] = {
    "trade_is_open": False, "entitled": False, "entries_allowed": None, "gate_at": None,
}  # fmt: skip
SECOND = timedelta(seconds=1)


def changed(plan: Candidate, change: dict[str, Any]) -> Candidate:
    return replace(plan, **change)


@pytest.mark.parametrize("plan", [ENTRY, EXIT, CLOSE])
def test_what_nothing_forbids_is_sent(plan: Candidate) -> None:
    assert weigh(plan, AT, frozenset(), LIMITS) == Send()


@pytest.mark.parametrize("plan", [EXIT, CLOSE])
def test_leaving_asks_neither_the_gate_nor_the_tier(plan: Candidate) -> None:
    assert weigh(replace(plan, **NOTHING), AT, frozenset(), LIMITS) == Send()


def test_a_paused_bot_may_sell() -> None:
    assert weigh(replace(EXIT, bot_status="paused"), AT, frozenset(), LIMITS) == Send()


def test_a_close_needs_no_price() -> None:
    blind = replace(CLOSE, price=None, price_at=None)
    assert weigh(blind, AT, frozenset(), LIMITS) == Send()


@pytest.mark.parametrize(
    ("plan", "change", "reason"),
    [
        (ENTRY, {"account_status": "key_invalid"}, "ACCOUNT_NOT_ACTIVE: status=key_invalid"),
        (EXIT, {"account_status": "removed"}, "ACCOUNT_NOT_ACTIVE: status=removed"),
        (CLOSE, {"account_status": "removed"}, "ACCOUNT_NOT_ACTIVE: status=removed"),
        (ENTRY, {"bot_status": "paused"}, "BOT_PAUSED: status=paused"),
        (ENTRY, {"bot_status": "closing"}, "BOT_CLOSING: status=closing"),
        (EXIT, {"bot_status": "closing"}, "BOT_CLOSING: status=closing"),
        (EXIT, {"bot_status": "stopped"}, "BOT_STOPPED: status=stopped"),
        (CLOSE, {"bot_status": "running"}, "BOT_RUNNING: status=running"),
        (ENTRY, {"entitled": False}, "NO_TIER: a valid tier is needed to enter a trade"),
        (ENTRY, {"trade_is_open": False}, "TRADE_OVER: the leader has left this trade"),
        (ENTRY, {"entries_allowed": False, "gate_code": "X"}, "GATE_CLOSED: code=X"),
        (ENTRY, {"entries_allowed": None}, "GATE_CLOSED: code="),
    ],
)
def test_what_is_refused_for_good(plan: Candidate, change: dict[str, Any], reason: str) -> None:
    assert weigh(replace(plan, **change), AT, frozenset(), LIMITS) == Deny(reason)


@pytest.mark.parametrize(
    ("plan", "switch", "refused"),
    [
        (ENTRY, "everything", True),
        (EXIT, "everything", True),
        (CLOSE, "everything", True),
        (ENTRY, "strategy:trend", True),
        (EXIT, "strategy:trend", True),
        (CLOSE, "strategy:trend", False),
        (ENTRY, "strategy:another", False),
    ],
)
def test_a_stop_refuses_what_it_names(plan: Candidate, switch: str, *, refused: bool) -> None:
    expected = Deny(f"STOPPED: switch={switch}") if refused else Send()
    assert weigh(plan, AT, {switch}, LIMITS) == expected


@pytest.mark.parametrize("busy", ["bot_busy", "account_busy"])
@pytest.mark.parametrize("plan", [ENTRY, EXIT, CLOSE])
def test_it_waits_for_the_order_before_it(plan: Candidate, busy: str) -> None:
    assert isinstance(weigh(changed(plan, {busy: True}), AT, frozenset(), LIMITS), Wait)


@pytest.mark.parametrize(
    ("plan", "change"),
    [
        (ENTRY, {"not_before": AT + SECOND}),
        (CLOSE, {"not_before": AT + SECOND}),
        (ENTRY, {"price": None, "price_at": None}),
        (EXIT, {"price": None, "price_at": None}),
        (EXIT, {"price_at": AT - LIMITS.price_max_age - SECOND}),
        (ENTRY, {"gate_at": None}),
        (ENTRY, {"gate_at": AT - LIMITS.gate_max_age - SECOND}),
    ],
)
def test_what_must_wait(plan: Candidate, change: dict[str, Any]) -> None:
    assert isinstance(weigh(replace(plan, **change), AT, frozenset(), LIMITS), Wait)


@pytest.mark.parametrize("name", ["price_at", "gate_at"])
def test_news_is_fresh_up_to_its_very_age(name: str) -> None:
    age = LIMITS.price_max_age if name == "price_at" else LIMITS.gate_max_age
    assert weigh(changed(ENTRY, {name: AT - age}), AT, frozenset(), LIMITS) == Send()


@pytest.mark.parametrize("plan", [ENTRY, EXIT, CLOSE])
def test_what_is_too_old_expires_whatever_else_is_wrong(plan: Candidate) -> None:
    assert not isinstance(weigh(plan, plan.not_after, frozenset(), LIMITS), Expire)
    late = weigh(replace(plan, bot_busy=True), plan.not_after + SECOND, {"everything"}, LIMITS)
    assert late == Expire("TOO_OLD: not_after=2024-06-01T12:01:00+00:00")


@pytest.mark.parametrize(("price", "sent"), [("50250", True), ("50250.01", False), ("45000", True)])
def test_an_entry_does_not_run_after_the_price(price: str, *, sent: bool) -> None:
    answer = weigh(replace(ENTRY, price=Decimal(price)), AT, frozenset(), LIMITS)
    assert answer == (Send() if sent else Deny("SLIPPAGE: moved_bps=50.002 cap_bps=50"))


def test_an_exit_is_sent_at_any_price() -> None:
    assert weigh(replace(EXIT, price=PRICE * 2), AT, frozenset(), LIMITS) == Send()
