"""Does a short campaign against the real processes hold, and would the judge say if it did not?"""

import os
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nexus.execution.models import OrderRow
from nexus.fanout.models import PlanRow
from prove import judge
from prove.__main__ import prove
from prove.campaign import Stop
from prove.kinds import FULL_SECONDS

SECONDS = float(os.environ.get("PROVE_SECONDS", "15"))
AT = datetime(2026, 1, 1, tzinfo=UTC)


async def test_a_short_campaign_holds() -> None:
    report, verdicts = await prove(SECONDS, seed=4, people=20)
    assert {name: found for name, found in verdicts.violations.items() if found} == {}
    assert len(verdicts.violations) == 12 + (SECONDS >= FULL_SECONDS), "I13 is for long ones"
    assert report["accepted"] > 0
    assert sum(report["faults"].values()) > 5


def order(client_id: str, plan: int, **changes: Any) -> OrderRow:
    values = {
        "id": plan, "plan_id": plan, "account_id": 1, "bot_id": 1, "client_order_id": client_id,
        "status": "FILLED", "side": "buy", "executed_quantity": 2, "sent_at": AT, "checks": 0,
    }  # fmt: skip
    return OrderRow(**{**values, **changes})


def entry(client_id: str, **changes: Any) -> dict[str, Any]:
    at = int(AT.timestamp() * 1000)
    return {"client_id": client_id, "account": 10, "at": at, "fills": [{"qty": "2"}], **changes}


def evidence(*entries: dict[str, Any], orders: list[OrderRow], **changes: Any) -> judge.Evidence:
    values: dict[str, Any] = {
        "accepted": list(entries),
        "rejected": [],
        "orders": {one.client_order_id: one for one in orders},
        "plans": {one.plan_id: PlanRow(id=one.plan_id, status="DONE") for one in orders},
        "uids": {1: 10, 2: 20},
        "filled": {one.id: one.executed_quantity for one in orders},
        "blocked": set(),
        "mute": set(),
    }
    return judge.Evidence(**{**values, **changes})


def test_what_is_in_order_is_not_complained_of() -> None:
    fine = evidence(entry("nx-a"), orders=[order("nx-a", 1)])
    for look in (
        judge._doubled, judge._orphans, judge._differences, judge._unfinished,
        judge._against_the_gate, judge._strangers,
    ):  # fmt: skip
        assert look(fine) == []
    assert judge._after_stops(fine, [Stop(AT, 1, after_order=1)]) == []


def test_two_accepted_orders_of_one_plan_are_found() -> None:
    doubled = evidence(
        entry("nx-a"), entry("nx-b"), orders=[order("nx-a", 1), order("nx-b", 1, id=2)]
    )
    assert judge._doubled(doubled) == ["plan 1: 2 accepted"]
    same_id_twice = evidence(entry("nx-a"), entry("nx-a"), orders=[order("nx-a", 1)])
    assert judge._doubled(same_id_twice) == ["plan 1: 2 accepted"]


def test_an_order_that_is_not_in_the_ledger_is_found() -> None:
    assert judge._orphans(evidence(entry("nx-lost"), orders=[])) != []
    assert judge._orphans(evidence(entry("by-hand"), orders=[])) == []


@pytest.mark.parametrize("qty", ["1", "4"])
def test_a_quantity_that_differs_is_found(qty: str) -> None:
    differs = evidence(entry("nx-a", fills=[{"qty": qty}]), orders=[order("nx-a", 1)])
    assert len(judge._differences(differs)) == 1


def test_an_order_claimed_after_a_stop_is_found() -> None:
    stop = Stop(AT, 1, after_order=4)
    late = entry("nx-a", at=int((AT + timedelta(seconds=2)).timestamp() * 1000))
    buy = evidence(late, orders=[order("nx-a", 1, id=5)])
    assert len(judge._after_stops(buy, [stop])) == 1
    claimed_before = evidence(late, orders=[order("nx-a", 1, id=4)])
    assert judge._after_stops(claimed_before, [stop]) == []
    assert judge._on_the_way(claimed_before, [stop]) == 1
    sale = evidence(late, orders=[order("nx-a", 1, id=5, side="sell")])
    assert judge._after_stops(sale, [stop]) == []
    assert len(judge._after_stops(sale, [Stop(AT, None, 4, 5, exits_too=True)])) == 1
    assert judge._after_stops(sale, [Stop(AT, None, 3, 4, exits_too=True)]) == []


def test_a_plan_that_never_ended_is_found() -> None:
    open_plan = evidence(entry("nx-a"), orders=[order("nx-a", 1)])
    open_plan.plans[1].status = "ORDERED"
    assert judge._unfinished(open_plan) == ["plan 1 is ORDERED"]
    forgotten = evidence(entry("nx-a"), orders=[order("nx-a", 1, status="UNKNOWN", checks=1)])
    assert judge._unfinished(forgotten) == ["nx-a was accepted and is UNKNOWN"]
    muted = copy(forgotten)
    object.__setattr__(muted, "mute", {1})
    assert judge._unfinished(muted) == []


def test_an_order_for_a_blocked_decision_is_found() -> None:
    against = evidence(entry("nx-a"), orders=[order("nx-a", 1)], blocked={7})
    against.plans[1].decision_id = 7
    assert judge._against_the_gate(against) == ["plan 1 follows a blocked decision"]


def test_an_order_on_somebody_elses_account_is_found() -> None:
    swapped = evidence(entry("nx-a", account=20), orders=[order("nx-a", 1)])
    assert judge._strangers(swapped) == ["nx-a went to account 20"]
