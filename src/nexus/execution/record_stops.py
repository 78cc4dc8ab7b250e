"""Write down what became of stops: one transaction per batch, each stop locked.

What a stop locks at the exchange is no longer free by our record either. A stop that sold is
written into the ledger as a plan with its order, whole and once, and moves what its bot holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from sqlalchemy import select

from nexus.bots.events import BotChanged
from nexus.bots.models import Bot, RestingStop
from nexus.core.clock import now
from nexus.core.db import Transaction, among, upsert
from nexus.exchanges.models import AccountBalance
from nexus.exchanges.protocol import Report
from nexus.execution.adopt_stops import adopt
from nexus.execution.states import Step
from nexus.execution.stop_states import LIVE, LOCKING, after_stop_not_found, after_stop_report

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StopNews:
    """What we learnt of one stop: the venue's report, that it does not know it, or the step."""

    stop_id: int
    report: Report | None = None
    step: Step | None = None
    """Where it goes, where no report says it."""
    not_found: bool = False
    """Whether the venue was asked after its fence, and does not know it."""
    unseen: bool = False
    """Whether the venue was asked before its fence, and does not know it."""


async def record_stops(tx: Transaction, news: Sequence[StopNews]) -> None:
    """Record a batch of news; what cannot follow from a stop's state changes nothing."""
    at = now()
    locked = await _lock(tx, [item.stop_id for item in news])
    moves: list[tuple[int, str, Decimal]] = []
    for item in news:
        known = locked.get(item.stop_id)
        if known is None:
            continue
        stop, owner = known
        before = stop.status
        step = _step(stop, item)
        if step is None or not _may(before, step.status, reported=item.report is not None):
            continue
        _move(stop, item, step, at)
        moves += _unlocked(stop, before)
        if stop.status != before:
            tx.announce(BotChanged(stop.bot_id, owner))
        if stop.status == "TRIGGERED" and before != "TRIGGERED" and item.report is not None:
            await tx.flush()
            await _move_free(tx, moves, at)
            moves = []
            await adopt(tx, stop, owner, item.report, at)
    await tx.flush()
    await _move_free(tx, moves, at)


async def _lock(tx: Transaction, stop_ids: Sequence[int]) -> dict[int, tuple[RestingStop, int]]:
    rows = await tx.execute(
        select(RestingStop, Bot.user_id)
        .join(Bot, Bot.id == RestingStop.bot_id)
        .where(among(RestingStop.id, stop_ids))
        .order_by(RestingStop.id)
        .with_for_update(of=RestingStop)
        .execution_options(populate_existing=True)
    )
    return {stop.id: (stop, owner) for stop, owner in rows}


def _step(stop: RestingStop, item: StopNews) -> Step | None:
    if item.report is not None:
        return after_stop_report(stop.status, item.report)
    if item.not_found or item.unseen:
        checks = stop.checks + item.not_found
        return after_stop_not_found(stop.status, checks, fenced=item.not_found)
    return item.step


def _may(before: str, to: str, *, reported: bool) -> bool:
    """Say whether a stop may go there: from its end nowhere, but that it sold after all.

    An event may have overtaken the answer: what the venue has reported once is not unknown again.
    """
    if before not in LIVE:
        return to in (before, "TRIGGERED")
    return reported or to == before or before not in LOCKING


def _move(stop: RestingStop, item: StopNews, step: Step, at: datetime) -> None:
    if stop.status != step.status:
        stop.updated_at = at
        if stop.status not in LIVE:
            log.error("stop_sold_after_its_end", stop=stop.id, client_id=stop.client_order_id)
    if stop.status != step.status or stop.status in LIVE:
        stop.status, stop.reason = step.status, step.reason
    stop.next_check_at = _next(step.ask_in, at)
    stop.checks += item.not_found
    if item.report is not None:
        stop.exchange_order_id = item.report.exchange_order_id


def _next(ask_in: timedelta | None, at: datetime) -> datetime | None:
    return None if ask_in is None else at + ask_in


def _unlocked(stop: RestingStop, before: str) -> list[tuple[int, str, Decimal]]:
    """Give how what is free moved: a stop that rests takes its coins out, its end gives them back.

    What it sold is then taken by its fills, as with every order.
    """
    change = (before in LOCKING) - (stop.status in LOCKING)
    base = stop.symbol.partition("/")[0]
    return [(stop.account_id, base, change * stop.quantity)] if change else []


async def _move_free(
    tx: Transaction, moves: Sequence[tuple[int, str, Decimal]], at: datetime
) -> None:
    sums: dict[tuple[int, str], Decimal] = {}
    for account_id, asset, change in moves:
        sums[account_id, asset] = sums.get((account_id, asset), Decimal(0)) + change
    rows = [
        {"account_id": account_id, "asset": asset, "free": change, "as_of": at}
        for (account_id, asset), change in sorted(sums.items())
    ]
    await upsert(tx, AccountBalance, rows, keys=["account_id", "asset"], adding=["free"])
