"""Does a stop go only where its rules let it, and does each bot want the right one?"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

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
from nexus.execution.stop_states import (
    CHECKS,
    ENDED_BY_OTHERS,
    LIVE,
    NOT_PLACED_WAIT,
    REFUSED_WAIT,
    REST_CHECK,
    SOON,
    Cancel,
    Ground,
    Past,
    Place,
    Stop,
    act_on,
    after_placing,
    after_stop_not_found,
    after_stop_report,
    wanted_stop,
)
from tests.scenes import AT

ONE, HALF = Decimal(1), Decimal("0.5")
STATES = (*sorted(LIVE), "CANCELED", "REFUSED", "TRIGGERED")
WANTED = Stop(Decimal("0.0123"), Decimal("47500.12"))
GROUND = Ground(
    switched_on=True,
    forbidden=False,
    bot_status="running",
    account_status="active",
    in_trade=True,
    held=Decimal("0.01239"),
    leader_stop=Decimal("47500.128"),
    rests_stops=True,
    tick=Decimal("0.01"),
    step=Decimal("0.0001"),
    least=Decimal("0.0001"),
    most=Decimal(100),
    min_notional=Decimal(5),
    busy=False,
    price=Decimal(50_000),
    resting=None,
    moving=False,
    past=None,
)


def report(status: VenueStatus, executed: Decimal = Decimal(0), *, whole: bool = True) -> Report:
    fill = Fill("1", ONE, executed, Decimal(0), "USDT", AT)
    return Report("x", "nx", status, executed, executed, (fill,) if executed and whole else ())


# ------------------------------------------------------------------------------ what is wanted
def test_a_stop_is_wanted_for_what_is_held_at_the_leaders_price_rounded_down() -> None:
    assert wanted_stop(GROUND) == WANTED
    assert act_on(GROUND, AT) == Place(WANTED)


@pytest.mark.parametrize(
    "change",
    [
        {"switched_on": False},
        {"bot_status": "stopped"},
        {"in_trade": False},
        {"leader_stop": None},
        {"rests_stops": False},
        {"held": Decimal("0.00009")},
        {"least": Decimal(1)},
        {"min_notional": Decimal(1000)},
    ],
)
def test_where_none_is_wanted_none_is_placed_and_one_that_rests_goes(change: Any) -> None:
    ground = replace(GROUND, **change)
    assert act_on(ground, AT) is None
    assert act_on(replace(ground, resting=WANTED), AT) == Cancel()


@pytest.mark.parametrize(
    "change",
    [
        {"moving": True},
        {"forbidden": True},
        {"bot_status": "closing"},
        {"account_status": "key_invalid"},
        {"account_status": "removed"},
    ],
)
def test_where_nothing_may_be_done_all_stays_as_it_is(change: Any) -> None:
    ground = replace(GROUND, **change)
    assert act_on(ground, AT) is None
    other = Stop(HALF, ONE)
    assert act_on(replace(ground, resting=other, leader_stop=None), AT) is None


@pytest.mark.parametrize("status", ["active", "paused", "exits_only"])
def test_an_account_that_sells_has_stops(status: str) -> None:
    assert act_on(replace(GROUND, account_status=status, bot_status="paused"), AT) == Place(WANTED)


@pytest.mark.parametrize("price", [None, WANTED.price, WANTED.price - 1])
def test_none_is_placed_where_the_price_is_there_or_unknown(price: Decimal | None) -> None:
    assert act_on(replace(GROUND, price=price), AT) is None


def test_one_that_differs_is_replaced_once_nothing_else_moves() -> None:
    other = replace(GROUND, resting=replace(WANTED, price=WANTED.price - 1))
    assert act_on(other, AT) == Cancel()
    assert act_on(replace(other, busy=True), AT) is None
    assert act_on(replace(GROUND, resting=WANTED), AT) is None
    assert act_on(replace(GROUND, busy=True), AT) is None


@pytest.mark.parametrize(
    ("status", "reason", "wait"),
    [
        ("TRIGGERED", "", timedelta(0)),
        ("CANCELED", "", timedelta(0)),
        ("CANCELED", ENDED_BY_OTHERS, None),
        ("REFUSED", "REJECTED: code=-2010", REFUSED_WAIT),
        ("REFUSED", "NOT_PLACED: code=-1003", NOT_PLACED_WAIT),
    ],
)
def test_the_same_stop_is_wanted_again_only_after_a_while(
    status: str, reason: str, wait: timedelta | None
) -> None:
    past = Past(WANTED, status, reason, AT)
    ground = replace(GROUND, past=past)
    if wait is None:
        assert act_on(ground, AT + timedelta(days=9)) is None
    else:
        assert act_on(ground, AT + wait) == Place(WANTED)
        if wait:
            assert act_on(ground, AT + wait - timedelta(seconds=1)) is None
    other = replace(past, stop=replace(WANTED, price=WANTED.price - 1))
    assert act_on(replace(GROUND, past=other), AT) == Place(WANTED)


# ------------------------------------------------------------------------------- where it goes
@pytest.mark.parametrize(
    ("outcome", "status", "ask_in"),
    [
        (Accepted(report(VenueStatus.NEW)), "RESTING", REST_CHECK),
        (Rejected(-2010, "no"), "REFUSED", None),
        (NotPlaced(-1003, "later"), "REFUSED", None),
        (Unclear("timeout"), "UNKNOWN", SOON),
        (Unclear("duplicate", exists=True), "UNKNOWN", timedelta(0)),
    ],
)
def test_an_answer_says_where_it_goes(
    outcome: Outcome, status: str, ask_in: timedelta | None
) -> None:
    step = after_placing(outcome)
    assert (step.status, step.ask_in) == (status, ask_in)


@pytest.mark.parametrize("status", STATES)
def test_what_is_open_rests_and_one_to_be_cancelled_stays_so(status: str) -> None:
    step = after_stop_report(status, report(VenueStatus.NEW))
    rests = status in ("PLACING", "UNKNOWN", "RESTING")
    assert step.status == ("RESTING" if rests else status)
    assert step.ask_in == (REST_CHECK if rests else SOON)


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("over", [VenueStatus.FILLED, VenueStatus.EXPIRED, VenueStatus.CANCELED])
def test_what_sold_is_triggered_once_every_fill_is_known(status: str, over: VenueStatus) -> None:
    assert after_stop_report(status, report(over, HALF)).status == "TRIGGERED"
    unknown = after_stop_report(status, report(over, HALF, whole=False))
    assert unknown.status != "TRIGGERED" or status == "TRIGGERED"
    assert unknown.ask_in == SOON


def test_who_ended_it_is_told_apart() -> None:
    gone = report(VenueStatus.CANCELED)
    assert after_stop_report("CANCELLING", gone).reason == ""
    assert after_stop_report("RESTING", gone).reason == ENDED_BY_OTHERS
    assert after_stop_report("RESTING", gone).status == "CANCELED"
    assert after_stop_report("PLACING", report(VenueStatus.REJECTED)).status == "REFUSED"


@pytest.mark.parametrize("status", ["PLACING", "UNKNOWN"])
def test_one_that_is_not_found_is_given_up_only_after_its_fence(status: str) -> None:
    early = after_stop_not_found(status, 0, fenced=False)
    assert (early.status, early.ask_in) == ("UNKNOWN", SOON)
    steps = [after_stop_not_found(status, n, fenced=True) for n in range(1, len(CHECKS) + 2)]
    assert [step.status for step in steps] == [*("UNKNOWN" for _ in CHECKS), "REFUSED"]
    assert [step.ask_in for step in steps[:-1]] == list(CHECKS)
    assert steps[-1].ask_in == timedelta(hours=1)
    assert after_stop_not_found("REFUSED", len(CHECKS) + 2, fenced=True).ask_in == timedelta(
        hours=23
    )
    assert after_stop_not_found("REFUSED", len(CHECKS) + 3, fenced=True).ask_in is None


@pytest.mark.parametrize("status", ["RESTING", "CANCELLING"])
def test_one_that_was_there_is_never_given_up(status: str) -> None:
    step = after_stop_not_found(status, 99, fenced=True)
    assert step.status == status
    assert step.ask_in is not None
