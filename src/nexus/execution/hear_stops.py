"""What does the ledger learn of stops that rest, from what exchanges tell and list?

Nothing is sent because of it. Where an event says how a stop ended and brings every fill, that is
recorded at once; everything else only makes the sweeper ask.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import case, func, literal, select, update

from nexus.bots.models import RestingStop
from nexus.core.clock import now
from nexus.core.db import Transaction, among, one_of
from nexus.exchanges.protocol import Account, Report, VenueStatus
from nexus.exchanges.user_stream import OrderHeard
from nexus.execution.record_stops import StopNews, record_stops
from nexus.execution.stop_states import LIVE

OPEN = (VenueStatus.NEW, VenueStatus.PARTIALLY_FILLED)
IN_HAND = timedelta(seconds=60)
SPREAD = timedelta(minutes=5)
"""After a gap the stops that rested are asked about over so long: there may be thousands."""
Name = tuple[int, str]
"""An account and a client order id."""


async def hear_stops(tx: Transaction, heard: Mapping[Name, Sequence[OrderHeard]]) -> set[Name]:
    """Record what was heard of orders that are stops; give the names of those that are."""
    stops = await _read(tx, heard)
    known = {(stop.account_id, stop.client_order_id): stop for stop in stops}
    told = {known[name].id: _report(heard[name]) for name in known}
    learnt = [StopNews(stop.id, report) for stop in stops if (report := told[stop.id])]
    await record_stops(tx, learnt)
    unclear = [stop.id for stop in stops if told[stop.id] is None and _moves(heard, stop)]
    await _ask_now(tx, unclear)
    return set(known)


async def compare_stops(tx: Transaction, account: Account, told: Iterable[Report]) -> set[str]:
    """Have the stops asked about that stand otherwise at the exchange; give all their names."""
    listed = {report.client_order_id: report for report in told}
    stops = await _read(tx, [(account.id, name) for name in listed])
    await _ask_now(tx, [s.id for s in stops if _differs(s, listed[s.client_order_id])])
    return {stop.client_order_id for stop in stops}


async def ask_about_stops_after_gap(tx: Transaction, account_ids: Collection[int]) -> None:
    """Have the stops of accounts asked about of which something may have been missed.

    Those that are under way at once; those that rest bit by bit.
    """
    soon = literal(now()) + func.random() * literal(SPREAD)
    await tx.execute(
        update(RestingStop)
        .where(
            among(RestingStop.account_id, account_ids),
            one_of(RestingStop.status, "UNKNOWN", "RESTING"),
        )
        .values(next_check_at=case((RestingStop.status == "RESTING", soon), else_=now()))
    )


async def _read(tx: Transaction, names: Iterable[Name]) -> list[RestingStop]:
    wanted = set(names)
    found = await tx.scalars(
        select(RestingStop)
        .where(
            among(RestingStop.account_id, {account for account, _ in wanted}),
            among(RestingStop.client_order_id, {client_id for _, client_id in wanted}),
        )
        .order_by(RestingStop.id)
    )
    return [stop for stop in found if (stop.account_id, stop.client_order_id) in wanted]


def _report(heard: Sequence[OrderHeard]) -> Report | None:
    """Put what was heard of a stop together; None when it is not whole, so that it is asked."""
    furthest = max(heard, key=lambda one: one.executed_quantity)
    fills = {one.fill.trade_id: one.fill for one in heard if one.fill is not None}
    ends = [one.status for one in heard if one.status not in OPEN]
    whole = sum(fill.quantity for fill in fills.values()) == furthest.executed_quantity
    if not whole or (furthest.executed_quantity and not ends):
        return None
    return Report(
        exchange_order_id=furthest.exchange_order_id,
        client_order_id=furthest.client_order_id,
        status=ends[0] if ends else VenueStatus.NEW,
        executed_quantity=furthest.executed_quantity,
        executed_quote=furthest.executed_quote,
        fills=tuple(fills.values()),
    )


def _moves(heard: Mapping[Name, Sequence[OrderHeard]], stop: RestingStop) -> bool:
    """Say whether events that are not whole can change anything."""
    return stop.status != "TRIGGERED" and bool(heard[stop.account_id, stop.client_order_id])


def _differs(stop: RestingStop, report: Report) -> bool:
    """Say whether the exchange knows a stop to stand otherwise; one in somebody's hands waits."""
    if stop.status in ("PLACING", "CANCELLING") and now() - stop.updated_at < IN_HAND:
        return False
    sold = report.executed_quantity > 0 and stop.status != "TRIGGERED"
    return sold or (report.status in OPEN) != (stop.status in LIVE)


async def _ask_now(tx: Transaction, stop_ids: Collection[int]) -> None:
    if stop_ids:
        mine = update(RestingStop).where(among(RestingStop.id, stop_ids))
        await tx.execute(mine.values(next_check_at=now()))
