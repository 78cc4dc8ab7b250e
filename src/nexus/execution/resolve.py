"""Find out what became of orders we do not know about: by asking, never by sending again."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select, update

from nexus.core.clock import now
from nexus.core.db import Transaction, among, one_of
from nexus.exchanges.distrust import distrust_asked_key
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Account, ExchangeAwayError, KeyInvalidError
from nexus.execution.broker import Broker
from nexus.execution.hear_stops import ask_about_stops_after_gap
from nexus.execution.models import OrderRow
from nexus.execution.record import News, news_of_report, record_news
from nexus.execution.states import Step, after_not_found

log = structlog.get_logger()

ASKING = timedelta(seconds=60)
"""While one worker asks about an order, no other does; after this another may."""
AT_ONCE = 10
"""Questions after a gap that are under way at the same time."""


@dataclass(frozen=True, slots=True)
class Question:
    """One order to ask about."""

    order_id: int
    account: Account
    symbol: str
    client_order_id: str
    status: str
    checks: int
    """How often the venue did not know it, should it not know it now."""


async def resolve_orders(broker: Broker, order_ids: Sequence[int]) -> None:
    """Ask the exchange about each order that is due, and record what it says."""
    async with broker.database.transaction() as tx:
        questions = await _take(tx, order_ids)
    for question in questions:
        try:
            await _resolve(broker, question)
        except Exception:
            # Those behind it must be asked about all the same; this one is again in a minute.
            log.exception("resolve_failed", order=question.order_id)


async def look_for_open(broker: Broker, account_ids: Collection[int]) -> None:
    """Ask at once about the orders of some accounts that were there and had not ended.

    For after a gap in what an exchange tells. Only what is found counts: that an order is not
    found proves nothing before its fence, so the questions of the schedule are not used up.
    """
    async with broker.database.transaction() as tx:
        rows = await tx.execute(
            select(OrderRow, ExchangeAccount)
            .join(ExchangeAccount, ExchangeAccount.id == OrderRow.account_id)
            .where(
                among(OrderRow.account_id, account_ids), one_of(OrderRow.status, "UNKNOWN", "ACKED")
            )
            .order_by(OrderRow.id)
        )
        questions = [question_about(order, account) for order, account in rows]
        await ask_about_stops_after_gap(tx, account_ids)
    await adopt_found(broker, questions)


async def adopt_found(broker: Broker, questions: Sequence[Question]) -> None:
    """Ask about each order, some at a time, and record those that the exchange knows."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def look(question: Question) -> None:
        async with turns:
            try:
                await _resolve(broker, question, only_found=True)
            except Exception:
                log.exception("resolve_failed", order=question.order_id)

    await asyncio.gather(*(look(question) for question in questions))


async def _take(tx: Transaction, order_ids: Sequence[int]) -> list[Question]:
    """Take the orders that are due, so that no other worker asks at the same time."""
    rows = await tx.execute(
        select(OrderRow, ExchangeAccount)
        .join(ExchangeAccount, ExchangeAccount.id == OrderRow.account_id)
        .where(among(OrderRow.id, order_ids), OrderRow.next_check_at <= now())
        .with_for_update(of=OrderRow, skip_locked=True)
    )
    questions = [question_about(order, account) for order, account in rows]
    await tx.execute(
        update(OrderRow)
        .where(among(OrderRow.id, [question.order_id for question in questions]))
        .values(next_check_at=now() + ASKING)
    )
    return questions


def question_about(order: OrderRow, account: ExchangeAccount) -> Question:
    """Say what to ask about an order."""
    return Question(
        order_id=order.id,
        account=Account(account.id, account.venue, account.egress, account.key_version),
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        status=order.status,
        checks=order.checks + 1,
    )


async def _resolve(broker: Broker, question: Question, *, only_found: bool = False) -> None:
    news = await _ask(broker, question)
    if news is None or (only_found and news.not_found):
        return
    async with broker.database.transaction() as tx:
        await record_news(tx, [news], broker)
        if question.status == "UNKNOWN" and news.step.status != "UNKNOWN":
            await _compare_soon(tx, question.account.id)


async def _compare_soon(tx: Transaction, account_id: int) -> None:
    """Let the next round compare an account first that had an order nobody knew about."""
    account = update(ExchangeAccount).where(ExchangeAccount.id == account_id)
    await tx.execute(account.values(orders_checked_at=None))


async def _ask(broker: Broker, question: Question) -> News | None:
    """Ask about one order; None when the exchange is away and nothing was learnt."""
    exchange = broker.venues[question.account.venue]
    try:
        report = await exchange.find(question.account, question.symbol, question.client_order_id)
    except KeyInvalidError:
        await distrust_asked_key(broker.database, question.account)
        return _not_asked(question)
    except ExchangeAwayError as error:
        log.warning("exchange_away", order=question.order_id, error=str(error))
        return _not_asked(question)
    if report is not None:
        if question.status == "NOT_PLACED":
            log.error("found_late", order=question.order_id, client_id=question.client_order_id)
        return news_of_report(question.order_id, report)
    return News(question.order_id, _not_found(question), not_found=True)


def _not_asked(question: Question) -> News | None:
    """Call an order unknown whose worker is gone and that cannot be asked about yet.

    As one that is being sent it would keep every other order of its account waiting.
    """
    if question.status != "SENDING":
        return None
    return News(question.order_id, Step("UNKNOWN", "UNKNOWN: not asked yet", ASKING))


def _not_found(question: Question) -> Step:
    if question.status == "ACKED":
        # It was there before: an archive that is behind, not an order that never was.
        return Step("ACKED", "UNKNOWN: seen before, not found now", timedelta(minutes=1))
    return after_not_found(question.checks)
