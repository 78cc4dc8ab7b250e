"""Did every stop that rests keep its promises? Judged by the exchange's journal, in its order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from nexus.bots.models import RestingStop
from prove.campaign import Stop

PLACED, CANCELLED, MET = "POST /api/v3/order", "DELETE /api/v3/order", "match"
UNSETTLED = ("PLACING", "UNKNOWN", "CANCELLING")
Stops = Mapping[str, RestingStop]
"""The ledger's stops, by client id."""
Journal = Sequence[dict[str, Any]]
"""What the exchange did, in its order: orders and cancels it accepted, and what rested and sold."""


def two_at_once(journal: Journal, stops: Stops) -> list[str]:
    """Find bots that had two open stops at the exchange at one moment, and names used twice."""
    open_of: dict[int, set[str]] = defaultdict(set)
    found, placed = [], Counter[str]()
    for entry in journal:
        stop = stops.get(entry["client_id"])
        if stop is None:
            continue
        names = open_of[stop.bot_id]
        if entry["endpoint"] == PLACED:
            placed[stop.client_order_id] += 1
            names.add(stop.client_order_id)
        else:
            names.discard(stop.client_order_id)
        if len(names) > 1:
            found.append(f"bot {stop.bot_id} had {sorted(names)} at once")
    return found + [f"{name} was accepted {n} times" for name, n in placed.items() if n > 1]


def left_behind(journal: Journal, stops: Stops, mute: Iterable[int]) -> list[str]:
    """Find stops that are open at the exchange when every bot has been told to keep what it has.

    Those of a key that no longer works stay: nobody can cancel them but their owner.
    """
    still = {entry["client_id"] for entry in journal if entry["endpoint"] == PLACED}
    still -= {entry["client_id"] for entry in journal if entry["endpoint"] != PLACED}
    lost = set(mute)
    return [
        f"{name} of bot {stops[name].bot_id} is open and {stops[name].status} in the ledger"
        for name in sorted(still & set(stops))
        if stops[name].account_id not in lost
    ]


def not_adopted(journal: Journal, known: Iterable[str], stops: Stops, mute: set[int]) -> list[str]:
    """Find what stops sold that no order of the ledger tells of."""
    orders = set(known)
    return [
        f"{entry['client_id']} sold {_sold(entry)} and is in no order"
        for entry in journal
        if entry["endpoint"] == MET
        and entry["client_id"] in stops
        and entry["client_id"] not in orders
        and stops[entry["client_id"]].account_id not in mute
    ]


def forbidden(journal: Journal, stops: Stops, pressed: Sequence[Stop]) -> list[str]:
    """Find stops that were placed though their claim came after a stop of everything."""
    return [
        f"{entry['client_id']} was placed, stopped at {stop.at}"
        for entry, resting in _placed(journal, stops)
        for stop in pressed
        if stop.forbids_resting(resting.id, resting.bot_id)
    ]


def unsettled(stops: Stops, mute: set[int]) -> list[str]:
    """Find stops about which something is still under way, but for those that were asked about."""
    return [
        f"stop {stop.id} is {stop.status}"
        for stop in stops.values()
        if stop.status in UNSETTLED
        and stop.account_id not in mute
        and not (stop.status == "UNKNOWN" and stop.checks)
    ]


def count_stops(journal: Journal, stops: Stops) -> dict[str, int]:
    """Say how many stops were at work, so that a run shows it."""
    ours = Counter(entry["endpoint"] for entry in journal if entry["client_id"] in stops)
    states = Counter(stop.status for stop in stops.values())
    return {
        "stops accepted": ours[PLACED],
        "stops cancelled": ours[CANCELLED],
        "stops that sold": ours[MET],
        **{f"stops {status.lower()}": number for status, number in sorted(states.items())},
    }


def _placed(journal: Journal, stops: Stops) -> Iterator[tuple[dict[str, Any], RestingStop]]:
    for entry in journal:
        if entry["endpoint"] == PLACED and entry["client_id"] in stops:
            yield entry, stops[entry["client_id"]]


def _sold(entry: Mapping[str, Any]) -> Decimal:
    return sum((Decimal(fill["qty"]) for fill in entry["fills"] or ()), Decimal(0))
