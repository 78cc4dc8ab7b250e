"""Turn one decision into a plan for every bot that follows it, in one transaction.

Set-based: one query reads all seats, pure rules size each, one statement writes all plans.
Every bot that gets no order gets a row with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Text,
    cast,
    exists,
    func,
    literal,
    select,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import aliased

from nexus.bots.models import Bot, Holding
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.protocol import Filters, Side
from nexus.fanout.events import PlanRefused
from nexus.fanout.models import PlanRow, is_live
from nexus.fanout.news import news_among
from nexus.fanout.seats import filters_by_venue, seats
from nexus.fanout.size import Denial, Leg, NotYet, Seat, Wish, size
from nexus.fanout.spend import Purses, purses_to_plan
from nexus.regime.models import VerdictRow
from nexus.settings import TradingSettings
from nexus.strategy.border import Action
from nexus.strategy.decide import Proposal
from nexus.strategy.models import DecisionRow

Sized = tuple[Seat, Leg | Denial]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a batch of plans comes from: a decision, or one wish to close."""

    text: str
    action: str
    symbol: str
    price: Decimal
    not_after: datetime
    decision_id: int | None = None
    close_request_id: int | None = None


async def plan_for_bots(
    tx: Transaction, decision_id: int, proposal: Proposal, rules: TradingSettings
) -> list[int]:
    """Plan a decision for all bots that follow; give the ids of the plans to be ordered."""
    decision = proposal.decision
    wish = Wish(
        action=decision.action,
        symbol=proposal.symbol,
        price=proposal.price,
        target_fraction=decision.target_fraction,
        leader_fraction=proposal.book.fraction,
        trade_id=proposal.book.trade_id or decision_id,
    )
    followers = await seats(
        tx,
        proposal.symbol,
        now(),
        Bot.strategy == proposal.strategy,
        Bot.status.in_(("running", "paused")),
    )
    sized = await _size_all(tx, followers, wish, rules)
    return await write_plans(tx, _decided(proposal, decision_id, rules), sized)


async def plan_stragglers(tx: Transaction, rules: TradingSettings) -> list[int]:
    """Plan the exit that a bot missed because an order of its own was still open.

    The leader has left the trade, the bot still holds it, and no plan of the exit exists.
    """
    leave = aliased(DecisionRow)
    rows = await tx.execute(
        select(Bot.id, leave)
        .join(Holding, Holding.bot_id == Bot.id)
        .join(leave, leave.trade_id == Holding.trade_id)
        .join(VerdictRow, VerdictRow.decision_id == leave.id)
        .where(
            Holding.quantity > 0,
            Bot.status.in_(("running", "paused")),
            leave.action == Action.EXIT,
            ~VerdictRow.blocked,
            ~exists().where(PlanRow.decision_id == leave.id, PlanRow.bot_id == Bot.id),
            # Those must wait yet, and would take the place of who need not.
            ~exists().where(PlanRow.bot_id == Bot.id, is_live()),
        )
        .order_by(leave.id, Bot.id)
        .limit(500)
    )
    planned: list[int] = []
    for bot_id, decision in rows.all():
        wish = Wish(
            action=Action.EXIT,
            symbol=decision.symbol,
            price=decision.price,
            target_fraction=Decimal(0),
            leader_fraction=Decimal(0),
            trade_id=decision.trade_id or decision.id,
        )
        late = await seats(tx, decision.symbol, now(), Bot.id == bot_id)
        origin = Origin(
            text=f"{decision.strategy}/{decision.symbol}/{decision.candle.isoformat()}",
            action=decision.action,
            symbol=decision.symbol,
            price=decision.price,
            not_after=now() + timedelta(seconds=rules.exit_max_age_seconds),
            decision_id=decision.id,
        )
        planned += await write_plans(tx, origin, await _size_all(tx, late, wish, rules))
    return planned


async def _size_all(
    tx: Transaction, followers: Sequence[Seat], wish: Wish, rules: TradingSettings
) -> list[Sized]:
    """Size every seat; those that must wait for their open order get no plan yet.

    A person's bots share that person's limits: what one is given, the next one lacks.
    """
    filters = await filters_by_venue(tx, wish.symbol)
    purses = await purses_to_plan(tx, _limited(followers, wish))
    at = now()
    sized: list[Sized] = []
    for seat in followers:
        venue = filters.get(seat.venue)
        if seat.user_id in purses.limits:
            result = _size_limited(seat, wish, venue, rules, purses=purses, at=at)
        else:
            result = size(seat, wish, venue, rules)
        if not isinstance(result, NotYet):
            sized.append((seat, result))
    return sized


def _size_limited(
    seat: Seat,
    wish: Wish,
    filters: Filters | None,
    rules: TradingSettings,
    *,
    purses: Purses,
    at: datetime,
) -> Leg | Denial | NotYet:
    """Size a seat on its owner's own terms, and take what it gets from what is left to them."""
    purse, opens = seat.purse(wish.symbol), seat.trade_id is None
    result = size(seat, wish, filters, rules, purses.terms(purse, at, opens=opens))
    if isinstance(result, Leg):
        purses.take(purse, result.quantity * wish.price, opens=opens)
    return result


def _limited(followers: Sequence[Seat], wish: Wish) -> set[int]:
    """Give whose limits matter: none of them stands against a sale."""
    return {seat.user_id for seat in followers if seat.limited} if wish.action.buys else set()


def _decided(proposal: Proposal, decision_id: int, rules: TradingSettings) -> Origin:
    buys = proposal.decision.action.buys
    seconds = rules.entry_max_age_seconds if buys else rules.exit_max_age_seconds
    return Origin(
        text=proposal.origin,
        action=proposal.decision.action,
        symbol=proposal.symbol,
        price=proposal.price,
        not_after=now() + timedelta(seconds=seconds),
        decision_id=decision_id,
    )


async def write_plans(tx: Transaction, origin: Origin, sized: Sequence[Sized]) -> list[int]:
    """Write one row per bot, once; give the ids of those that are to be ordered."""
    if not sized:
        return []
    side = Side.BUY if origin.action in (Action.ENTER, Action.ADD) else Side.SELL
    columns = _unnest(sized)
    constants: dict[str, ColumnElement[Any]] = {
        "decision_id": literal(origin.decision_id, BigInteger),
        "close_request_id": literal(origin.close_request_id, BigInteger),
        "origin": literal(origin.text),
        "action": literal(origin.action),
        "symbol": literal(origin.symbol),
        "side": literal(side),
        "reference_price": literal(origin.price),
        "attempt": literal(0, BigInteger),
        "not_before": literal(now()),
        "not_after": literal(origin.not_after),
        "created_at": literal(now()),
    }
    source = select(*columns.c, *constants.values())
    written = await tx.execute(
        insert(PlanRow)
        .from_select([*columns.c.keys(), *constants], source)
        .on_conflict_do_nothing()
        .returning(PlanRow.id, PlanRow.bot_id)
    )
    plans = {bot_id: plan_id for plan_id, bot_id in written}
    denied = [
        PlanRefused(
            plan_id=plans[seat.bot_id], bot_id=seat.bot_id, user_id=seat.user_id,
            symbol=origin.symbol, side=side, action=origin.action, reason=result.reason, at=now(),
        )
        for seat, result in sized
        if isinstance(result, Denial) and seat.bot_id in plans
    ]  # fmt: skip
    tx.announce(*await news_among(tx, denied))
    return [
        plans[seat.bot_id]
        for seat, result in sized
        if isinstance(result, Leg) and seat.bot_id in plans
    ]


def _unnest(sized: Sequence[Sized]) -> Any:
    """Give the differing columns as one table of arrays: thousands of rows, one statement."""
    legs = [result if isinstance(result, Leg) else None for _, result in sized]
    reasons = [result.reason if isinstance(result, Denial) else "" for _, result in sized]
    arrays = func.unnest(
        cast([seat.bot_id for seat, _ in sized], ARRAY(BigInteger)),
        cast([seat.account_id for seat, _ in sized], ARRAY(BigInteger)),
        cast([leg.quantity if leg else Decimal(0) for leg in legs], ARRAY(Numeric)),
        cast(["PLANNED" if leg else "DENIED" for leg in legs], ARRAY(Text)),
        cast(reasons, ARRAY(Text)),
    )
    names = ("bot_id", "account_id", "quantity", "status", "reason")
    return arrays.table_valued(*names).render_derived(name="sized")
