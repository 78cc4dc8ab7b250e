"""Would the judge of resting stops say if a promise were broken?"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nexus.bots.models import RestingStop
from prove.campaign import Stop
from prove.judge_stops import (
    CANCELLED,
    MET,
    PLACED,
    count_stops,
    forbidden,
    left_behind,
    not_adopted,
    two_at_once,
    unsettled,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)


def stop(number: int, **changes: Any) -> RestingStop:
    values = {
        "id": number, "bot_id": 1, "account_id": 1, "client_order_id": f"nx-{number}",
        "status": "CANCELED", "quantity": Decimal(1), "checks": 0,
    }  # fmt: skip
    return RestingStop(**{**values, **changes})


STOPS = {one.client_order_id: one for one in (stop(1), stop(2), stop(3, bot_id=2))}


def entry(endpoint: str, number: int) -> dict[str, Any]:
    return {"endpoint": endpoint, "client_id": f"nx-{number}", "fills": [{"qty": "1"}]}


def test_one_after_the_other_is_fine_and_two_at_once_is_not() -> None:
    after = [entry(PLACED, 1), entry(PLACED, 3), entry(CANCELLED, 1), entry(PLACED, 2)]
    assert two_at_once(after, STOPS) == []
    once = [entry(PLACED, 1), entry(PLACED, 2), entry(CANCELLED, 1)]
    assert two_at_once(once, STOPS) == ["bot 1 had ['nx-1', 'nx-2'] at once"]
    again = [entry(PLACED, 1), entry(MET, 1), entry(PLACED, 1)]
    assert two_at_once(again, STOPS) == ["nx-1 was accepted 2 times"]


def test_what_is_left_open_is_seen_unless_its_key_is_gone() -> None:
    journal = [entry(PLACED, 1), entry(PLACED, 2), entry(CANCELLED, 2)]
    assert left_behind(journal, STOPS, []) == ["nx-1 of bot 1 is open and CANCELED in the ledger"]
    assert left_behind(journal, STOPS, [1]) == []


def test_what_a_stop_sold_must_be_in_an_order() -> None:
    journal = [entry(PLACED, 1), entry(MET, 1)]
    assert not_adopted(journal, [], STOPS, set()) == ["nx-1 sold 1 and is in no order"]
    assert not_adopted(journal, ["nx-1"], STOPS, set()) == []
    assert not_adopted(journal, [], STOPS, {1}) == []


def test_one_that_was_claimed_after_a_stop_of_everything_is_seen() -> None:
    journal = [entry(PLACED, 2)]
    everything = Stop(AT, None, 0, exits_too=True, after_resting=1)
    assert forbidden(journal, STOPS, [everything]) == [f"nx-2 was placed, stopped at {AT}"]
    later = Stop(AT, None, 0, exits_too=True, after_resting=2)
    released = Stop(AT, None, 0, exits_too=True, after_resting=0, until_resting=1)
    paused = Stop(AT, 1, 0, after_resting=0)
    another = Stop(AT, 2, 0, exits_too=True)
    assert forbidden(journal, STOPS, [later, released, paused, another]) == []


def test_one_that_is_under_way_for_ever_is_seen() -> None:
    found = {str(n): stop(n, status=s) for n, s in enumerate(("PLACING", "CANCELLING", "UNKNOWN"))}
    assert len(unsettled(found, set())) == 3
    assert unsettled(found, {1}) == []
    assert unsettled({"x": stop(1, status="UNKNOWN", checks=1)}, set()) == []
    assert unsettled({"x": stop(1, status="RESTING")}, set()) == []


def test_a_run_says_how_many_stops_were_at_work() -> None:
    counts = count_stops([entry(PLACED, 1), entry(MET, 1), entry(PLACED, 9)], STOPS)
    assert counts == {
        "stops accepted": 1, "stops cancelled": 0, "stops that sold": 1, "stops canceled": 3,
    }  # fmt: skip
