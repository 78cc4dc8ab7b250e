"""Is what stands at the exchange what stands in the ledger? A slow round over all accounts.

Orders with our prefix are compared: one that differs is asked about and recorded, one that no
book knows is an orphan. All others are their owner's own and are never touched.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import select, update

from nexus.core.clock import now
from nexus.core.db import Transaction, among
from nexus.exchanges.distrust import distrust_asked_key
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import (
    Account,
    ExchangeAwayError,
    KeyInvalidError,
    Report,
    VenueStatus,
)
from nexus.exchanges.slow_share import Share
from nexus.exchanges.stream_leases import heard_accounts
from nexus.execution.broker import Broker
from nexus.execution.hear import PREFIX
from nexus.execution.hear_stops import compare_stops
from nexus.execution.models import OrderRow
from nexus.execution.orphans import Orphan, note_orphans
from nexus.execution.resolve import Question, adopt_found, question_about
from nexus.execution.states import ENDED

log = structlog.get_logger()

LOOK_BACK = timedelta(hours=24)
"""How far back each look goes: a round over all accounts must take less."""
IN_HAND = timedelta(seconds=60)
"""A younger order is on its way through the hands of whoever sent it."""
ACCOUNTS_A_MINUTE = 60


class History(Protocol):
    """Whoever can list an account's latest orders."""

    weight: int

    async def recent_orders(
        self, account: Account, symbol: str, since: datetime
    ) -> Sequence[Report]:
        """Read the orders placed since, without fills. Raises ExchangeAwayError."""
        ...


async def reconcile_accounts(
    broker: Broker, histories: Mapping[str, History], share: Share
) -> None:
    """Compare the accounts whose last comparison is oldest, as many as the share allows."""
    oldest = (
        heard_accounts()
        .where(ExchangeAccount.venue.in_(list(histories)))
        .order_by(None)
        .order_by(ExchangeAccount.orders_checked_at.asc().nulls_first(), ExchangeAccount.id)
        .limit(ACCOUNTS_A_MINUTE)
    )
    async with broker.database.transaction() as tx:
        accounts = [Account(*row) for row in await tx.execute(oldest)]
    for account in accounts:
        history = histories[account.venue]
        if await share.admits(account, history.weight * len(broker.settings.symbols)):
            await reconcile_account(broker, history, account)


async def reconcile_account(broker: Broker, history: History, account: Account) -> None:
    """Compare one account's orders of the last day with the ledger."""
    async with broker.database.transaction() as tx:
        # Its turn is over now, however it goes: accounts that fail must not keep others waiting.
        mine = update(ExchangeAccount).where(ExchangeAccount.id == account.id)
        await tx.execute(mine.values(orders_checked_at=now()))
    told: list[tuple[str, Report]] = []
    try:
        for symbol in broker.settings.symbols:
            found = await history.recent_orders(account, symbol, now() - LOOK_BACK)
            told += [(symbol, one) for one in found if one.client_order_id.startswith(PREFIX)]
    except KeyInvalidError:
        await distrust_asked_key(broker.database, account)
        return
    except ExchangeAwayError as error:
        log.warning("orders_not_compared", account=account.id, error=str(error))
        return
    async with broker.database.transaction() as tx:
        differing = await _compare(tx, account, told)
    await adopt_found(broker, differing)


async def _compare(
    tx: Transaction, account: Account, told: Sequence[tuple[str, Report]]
) -> list[Question]:
    """Note orphans, and give the orders of which the exchange knows more than the ledger."""
    names = [report.client_order_id for _, report in told]
    rows = await tx.execute(
        select(OrderRow, ExchangeAccount)
        .join(ExchangeAccount, ExchangeAccount.id == OrderRow.account_id)
        .where(OrderRow.account_id == account.id, among(OrderRow.client_order_id, names))
    )
    known = {order.client_order_id: (order, holder) for order, holder in rows}
    others = [(symbol, r) for symbol, r in told if r.client_order_id not in known]
    stops = await compare_stops(tx, account, [report for _, report in others])
    await note_orphans(
        tx,
        [
            Orphan(account.id, report.client_order_id, symbol, report.exchange_order_id)
            for symbol, report in others
            if report.client_order_id not in stops
        ],
    )
    ours = [(known[r.client_order_id], r) for _, r in told if r.client_order_id in known]
    for (order, _), report in ours:
        _say_if_ahead(order, report)
    return [question_about(*entry) for entry, report in ours if _differs(entry[0], report)]


def _say_if_ahead(order: OrderRow, report: Report) -> None:
    """Tell people when the ledger holds executions that the exchange does not know.

    Nothing is taken back: fills are never removed, and one heard just now is newer than the list.
    """
    if order.executed_quantity > report.executed_quantity and now() - order.updated_at > IN_HAND:
        log.error("ledger_ahead", order=order.id, client_id=order.client_order_id)


def _differs(order: OrderRow, report: Report) -> bool:
    """Say whether the ledger is behind the exchange in this order."""
    if order.status == "SENDING" and now() - order.sent_at < IN_HAND:
        return False
    over = report.status not in (VenueStatus.NEW, VenueStatus.PARTIALLY_FILLED)
    ended = order.status in ENDED and order.status != "NOT_PLACED"
    return order.executed_quantity != report.executed_quantity or over != ended
