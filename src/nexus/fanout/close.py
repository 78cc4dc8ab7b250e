"""Plan the sale that a close request asks for, as soon as nothing of the bot is still open."""

from datetime import timedelta

from sqlalchemy import exists, or_, select, update

from nexus.bots.close import finish_close, replace_closes
from nexus.bots.models import Bot, CloseRequest
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.fanout.models import PlanRow
from nexus.fanout.plan import Origin, write_plans
from nexus.fanout.seats import filters_by_venue, seats
from nexus.fanout.size import Denial, NotYet, size_close
from nexus.market.queries import last_prices
from nexus.settings import TradingSettings

A_SWEEP = timedelta(seconds=3)
MOST = 500
"""Requests looked at in one sweep."""
DROPPED = "BOT_CLOSING: its owner is closing it"
"""Why a bot's waiting plans end when it is told to close. The close request is their event."""

TAKEN_BACK = "Its owner has said something else meanwhile, so nothing was sold."


async def plan_closes(tx: Transaction, rules: TradingSettings) -> list[int]:
    """Plan every close request that has no plan yet; give the ids of the plans to be ordered.

    A bot's own waiting entries are dropped first: its owner has said stop.
    """
    waiting = await tx.execute(
        select(CloseRequest, Bot)
        .join(Bot, Bot.id == CloseRequest.bot_id)
        .where(
            CloseRequest.finished_at.is_(None),
            or_(CloseRequest.not_before.is_(None), CloseRequest.not_before <= now()),
            ~exists().where(PlanRow.close_request_id == CloseRequest.id),
        )
        # A fresh wish comes first, then whoever waited longest: those that must wait hold up none.
        .order_by(CloseRequest.not_before.asc().nulls_first(), CloseRequest.id)
        .limit(MOST)
        .with_for_update(of=CloseRequest, skip_locked=True)
    )
    planned: list[int] = []
    for request, bot in waiting.all():
        planned += await _plan_close(tx, request, bot, rules)
    return planned


async def _plan_close(
    tx: Transaction, request: CloseRequest, bot: Bot, rules: TradingSettings
) -> list[int]:
    if bot.status != "closing":
        await finish_close(tx, request.id, sold=False, outcome=TAKEN_BACK)
        return []
    await _drop_waiting(tx, bot.id)
    [seat] = await seats(tx, bot.symbol, now(), Bot.id == bot.id)
    if seat.held <= 0 and not seat.has_live_order:
        await finish_close(tx, request.id, sold=True, outcome="It held nothing.")
        return []
    price = (await last_prices(tx, [bot.symbol])).get(bot.symbol)
    if price is None:
        return _look_again(request)
    filters = (await filters_by_venue(tx, bot.symbol)).get(seat.venue)
    result = size_close(seat, bot.symbol, price.price, filters)
    if isinstance(result, NotYet):
        return _look_again(request)
    if isinstance(result, Denial):
        dust = result.reason.startswith("DUST")
        await finish_close(tx, request.id, sold=dust, outcome=result.reason)
        return []
    origin = Origin(
        # Its moment too: after a backup was restored, numbers that are taken begin again.
        text=f"close/{request.id}/{request.requested_at.isoformat()}",
        action="close",
        symbol=bot.symbol,
        price=price.price,
        not_after=now() + timedelta(seconds=rules.exit_max_age_seconds),
        close_request_id=request.id,
    )
    return await write_plans(tx, origin, [(seat, result)])


def _look_again(request: CloseRequest) -> list[int]:
    """Leave a request that must wait to a later sweep, behind those that need not."""
    request.not_before = now() + A_SWEEP
    return []


async def _drop_waiting(tx: Transaction, bot_id: int) -> None:
    """Drop the bot's plans that wait; where one was an earlier close, its request ends with it."""
    dropped = await tx.scalars(
        update(PlanRow)
        .where(PlanRow.bot_id == bot_id, PlanRow.status == "PLANNED")
        .values(status="DENIED", reason=DROPPED)
        .returning(PlanRow.close_request_id)
    )
    earlier = [request_id for request_id in dropped if request_id is not None]
    if earlier:
        await replace_closes(tx, earlier)
