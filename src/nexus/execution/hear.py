"""What does the ledger learn from what an exchange tells without being asked?

An event and the answer to the order come in any order and any number, and make one effect: what
is known already changes nothing, and an order ends only when every fill of it is known.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import select

from nexus.core.db import Transaction, among
from nexus.exchanges.protocol import Fill, Report, VenueStatus
from nexus.exchanges.user_stream import OrderHeard
from nexus.execution.broker import Broker
from nexus.execution.hear_stops import hear_stops
from nexus.execution.models import FillRow, OrderRow
from nexus.execution.orphans import Orphan, note_orphans
from nexus.execution.own_trades import tell_of_own_trades
from nexus.execution.record import News, record_news
from nexus.execution.states import ENDED, Step, after_report

log = structlog.get_logger()

PREFIX = "nx-"
"""How every order of ours is called; all others are their owner's own."""
VENUE_ENDED = frozenset(VenueStatus) - {VenueStatus.NEW, VenueStatus.PARTIALLY_FILLED}
Name = tuple[int, str]
"""An account and a client order id."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of an order."""

    order: OrderRow
    fills: Mapping[str, Fill]
    """By trade id."""


async def record_orders(tx: Transaction, heard: Sequence[OrderHeard], broker: Broker) -> list[int]:
    """Record what was heard of orders; give those whose fills must be asked for.

    Reads first and locks only what has news: mostly the order's own answer was quicker.
    """
    ours: dict[Name, list[OrderHeard]] = defaultdict(list)
    for one in heard:
        if one.client_order_id.startswith(PREFIX):
            ours[one.account_id, one.client_order_id].append(one)
    await tell_of_own_trades(
        tx, [one for one in heard if not one.client_order_id.startswith(PREFIX)]
    )
    if not ours:
        return []
    known = await _read(tx, ours, lock=False)
    unknown = {name: events for name, events in ours.items() if name not in known}
    stops = await hear_stops(tx, unknown) if unknown else set()
    await note_orphans(
        tx, [_orphan(events[-1]) for name, events in unknown.items() if name not in stops]
    )
    changed = [name for name, one in known.items() if read_news(one, ours[name])]
    if not changed:
        return []
    locked = await _read(tx, changed, lock=True)
    news = [item for name, one in locked.items() if (item := read_news(one, ours[name]))]
    await record_news(tx, news, broker)
    return [item.order_id for item in news if item.step.ask_in == timedelta(0)]


def read_news(known: Known, heard: Sequence[OrderHeard]) -> News | None:
    """Say what is new in the events of one order; None when the ledger knows it all."""
    order = known.order
    fills = dict(known.fills)
    for one in heard:
        if one.fill is not None:
            fills.setdefault(one.fill.trade_id, one.fill)
    furthest = max(heard, key=lambda one: one.executed_quantity)
    ends = [one.status for one in heard if one.status in VENUE_ENDED]
    executed, quote = order.executed_quantity, order.executed_quote
    if furthest.executed_quantity > executed:
        executed, quote = furthest.executed_quantity, furthest.executed_quote
    whole = sum(fill.quantity for fill in fills.values()) == executed
    nothing_more = executed == order.executed_quantity and len(fills) == len(known.fills)
    if nothing_more and not _moves(order.status, ended=bool(ends), whole=whole):
        return None
    going_on = VenueStatus.PARTIALLY_FILLED if executed else VenueStatus.NEW
    report = Report(
        exchange_order_id=furthest.exchange_order_id,
        client_order_id=order.client_order_id,
        status=ends[0] if ends else going_on,
        executed_quantity=executed,
        executed_quote=quote,
        fills=tuple(fills.values()) if whole else (),
    )
    return News(order.id, _step(order, report, whole=whole), report)


def _moves(status: str, *, ended: bool, whole: bool) -> bool:
    """Say whether an event that brings no execution moves an order in this state.

    One that is being sent has its answer under way, and that says more than "it is there".
    """
    if status in ENDED and status != "NOT_PLACED":
        return False
    return (ended and whole) or status in ("UNKNOWN", "NOT_PLACED")


def _step(order: OrderRow, report: Report, *, whole: bool) -> Step:
    if order.status == "NOT_PLACED":
        log.error("found_late", order=order.id, client_id=order.client_order_id)
    elif order.status in ENDED:
        # It ended, and still was executed further: the state stays, what was bought counts.
        log.error("executed_after_its_end", order=order.id, client_id=order.client_order_id)
        return Step(order.status, order.reason, None if whole else timedelta(0))
    step = after_report(report)
    return step if whole else replace(step, ask_in=timedelta(0))


def _orphan(heard: OrderHeard) -> Orphan:
    return Orphan(heard.account_id, heard.client_order_id, heard.market, heard.exchange_order_id)


async def _read(tx: Transaction, names: Iterable[Name], *, lock: bool) -> dict[Name, Known]:
    """Read orders with their fills, locked on demand; unknown names are left out."""
    wanted = set(names)
    query = (
        select(OrderRow)
        .where(
            among(OrderRow.account_id, {account for account, _ in wanted}),
            among(OrderRow.client_order_id, {client_id for _, client_id in wanted}),
        )
        .order_by(OrderRow.id)
        .execution_options(populate_existing=True)
    )
    rows = list(await tx.scalars(query.with_for_update() if lock else query))
    orders = [row for row in rows if (row.account_id, row.client_order_id) in wanted]
    fills: dict[int, dict[str, Fill]] = defaultdict(dict)
    found = select(FillRow).where(among(FillRow.order_id, [order.id for order in orders]))
    for row in await tx.scalars(found):
        fills[row.order_id][row.trade_id] = Fill(
            row.trade_id, row.price, row.quantity, row.fee, row.fee_asset, row.at
        )
    for order in orders:
        # Detached: `record_news` reads and writes these rows itself.
        tx.expunge(order)
    return {(o.account_id, o.client_order_id): Known(o, fills[o.id]) for o in orders}
