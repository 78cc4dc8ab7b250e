"""Does an order go only where the state machine lets it, and is it asked about often enough?"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate

import pytest

from nexus.exchanges.protocol import (
    Accepted,
    Fill,
    NotPlaced,
    Outcome,
    Rejected,
    Report,
    Unclear,
    VenueStatus,
)
from nexus.execution.states import (
    CHECKS,
    ENDED,
    LATE_CHECKS,
    Step,
    after_not_found,
    after_report,
    after_sending,
    may_move,
)
from tests.scenes import AT

FENCE = timedelta(seconds=30)
ONE = Decimal(1)
WHOLE = Report(
    "x-1", "nx-1", VenueStatus.FILLED, ONE, ONE,
    fills=(Fill("1", ONE, ONE, Decimal(0), "BTC", AT),),
)  # fmt: skip
STATES = (*sorted(ENDED), "SENDING", "UNKNOWN", "ACKED")


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        (Accepted(WHOLE), Step("FILLED")),
        (Rejected(-2010, "no"), Step("REJECTED", "REJECTED: code=-2010 message=no")),
        (NotPlaced(-1003, "no"), Step("NOT_PLACED", "NOT_PLACED: code=-1003 message=no")),
        (Unclear("timeout"), Step("UNKNOWN", "UNKNOWN: timeout", FENCE)),
        (Unclear("duplicate", exists=True), Step("UNKNOWN", "UNKNOWN: duplicate", timedelta(0))),
    ],
)
def test_where_an_order_goes_once_it_was_sent(outcome: Outcome, step: Step) -> None:
    assert after_sending(outcome, FENCE) == step


@pytest.mark.parametrize("status", [VenueStatus.NEW, VenueStatus.PARTIALLY_FILLED])
def test_an_order_that_is_open_is_asked_about_again(status: VenueStatus) -> None:
    step = after_report(replace(WHOLE, status=status))
    assert step.status == "ACKED"
    assert step.ask_in


@pytest.mark.parametrize("status", [VenueStatus.FILLED, VenueStatus.CANCELED, VenueStatus.EXPIRED])
def test_an_order_that_has_ended_is_not_asked_about(status: VenueStatus) -> None:
    assert after_report(replace(WHOLE, status=status)) == Step(status.value)


def test_an_order_the_venue_refused_later_has_ended() -> None:
    nothing = replace(WHOLE, status=VenueStatus.REJECTED, executed_quantity=Decimal(0), fills=())
    step = after_report(nothing)
    assert (step.status, step.ask_in) == ("REJECTED", None)


@pytest.mark.parametrize("status", list(VenueStatus))
def test_an_order_whose_fills_are_not_all_known_has_not_ended(status: VenueStatus) -> None:
    step = after_report(replace(WHOLE, status=status, fills=()))
    assert step.status == "ACKED"
    assert step.ask_in


def test_not_found_proves_something_only_the_fourth_time() -> None:
    steps = [after_not_found(checks) for checks in range(1, 7)]
    assert [step.status for step in steps] == ["UNKNOWN"] * 3 + ["NOT_PLACED"] * 3
    assert [step.ask_in for step in steps] == [*CHECKS[1:], *LATE_CHECKS, None]


def test_the_questions_come_as_the_ledger_demands() -> None:
    after_fence = list(accumulate(CHECKS))
    assert [FENCE + wait for wait in after_fence] == [
        timedelta(seconds=seconds) for seconds in (30, 60, 120, 300)
    ]
    assert list(accumulate(LATE_CHECKS)) == [timedelta(hours=1), timedelta(hours=24)]


def test_the_possible_moves() -> None:
    placed = {"ACKED", "FILLED", "CANCELED", "EXPIRED", "REJECTED"}
    possible = {
        state: {to for to in STATES if to != state and may_move(state, to)} for state in STATES
    }
    assert possible == {
        "SENDING": placed | {"UNKNOWN", "NOT_PLACED"},
        "UNKNOWN": placed | {"NOT_PLACED"},
        "ACKED": placed - {"ACKED"},
        "NOT_PLACED": placed,
        "FILLED": set(), "CANCELED": set(), "EXPIRED": set(), "REJECTED": set(),
    }  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_hearing_the_same_again_is_no_impossible_move(state: str) -> None:
    assert may_move(state, state)
