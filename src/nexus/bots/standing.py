"""Where does each person stand against their limits? Set-based reads of many people at once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    null,
    select,
)  # fmt: skip

from nexus.bots.limits import ZERO, Allowance, Limits, Purse, Standing
from nexus.bots.models import Bot, Holding, LimitsRow, ResultPeak
from nexus.core.clock import now
from nexus.core.db import Transaction, among
from nexus.exchanges.models import ExchangeAccount
from nexus.market.models import TickerRow

PRACTICE: ColumnElement[bool] = ExchangeAccount.venue == "paper"
QUOTE: ColumnElement[str] = func.split_part(Bot.symbol, "/", 2)
NOTHING = literal(Decimal(0))

Part = Select[*tuple[Any, ...]]


async def limits_of(
    tx: Transaction, people: Iterable[int], *, lock: bool = False
) -> dict[int, Limits]:
    """Read the limits of those who have any; `lock` keeps others from using them up meanwhile."""
    query = select(LimitsRow).where(among(LimitsRow.user_id, sorted(set(people))))
    if lock:
        query = query.order_by(LimitsRow.user_id).with_for_update()
    return {row.user_id: limits_in(row) for row in await tx.scalars(query)}


def limits_in(row: LimitsRow) -> Limits:
    """Give a row's limits."""
    return Limits(**{name: getattr(row, name) for name in Limits.__slots__})


async def allowances_of(
    tx: Transaction, limits: Mapping[int, Limits], *more: Part
) -> dict[Purse, Allowance]:
    """Read where these people's purses stand, by one statement: `more` is what else they spend."""
    if not limits:
        return {}
    people = sorted(limits)
    parts = [_held(people, now().date()), _peaks(people), *more]
    rows = await tx.execute(parts[0].union_all(*parts[1:]))
    standings: dict[Purse, Standing] = {}
    for row in rows.mappings():
        purse = Purse(row["user_id"], row["practice"], row["quote"])
        standings[purse] = _with(standings.get(purse, Standing()), row)
    return {purse: Allowance(limits[purse.user_id], s) for purse, s in standings.items()}


def allowance_in(
    allowances: Mapping[Purse, Allowance], limits: Mapping[int, Limits], purse: Purse
) -> Allowance | None:
    """Give a purse's allowance: one that holds nothing yet stands at zero; None without limits."""
    own = limits.get(purse.user_id)
    return None if own is None else allowances.get(purse, Allowance(own, Standing()))


def _with(standing: Standing, row: RowMapping) -> Standing:
    """Add what one part of the statement says of a purse."""
    losses = [at for at in (standing.lost_at, row["lost_at"]) if at is not None]
    known = standing.result is not None and not row["unpriced"]
    return replace(
        standing,
        invested=standing.invested + row["invested"],
        day_result=standing.day_result + row["day_result"],
        result=(standing.result or ZERO) + row["result"] if known else None,
        peak=standing.peak if row["peak"] is None else row["peak"],
        positions=standing.positions + row["positions"],
        lost_at=max(losses, default=None),
    )


def _held(people: list[int], today: date) -> Part:
    """Select what each purse's bots hold, and have won or lost."""
    worth = Holding.quantity * func.coalesce(TickerRow.price, NOTHING) - Holding.cost
    in_trade = and_(Holding.trade_id.is_not(None), Holding.quantity > 0)
    of_today = case((Holding.day == today, Holding.day_result), else_=NOTHING)
    return (
        select(
            Bot.user_id,
            PRACTICE.label("practice"),
            QUOTE.label("quote"),
            func.sum(Holding.cost).label("invested"),
            func.sum(of_today).label("day_result"),
            func.sum(Holding.realised + worth).label("result"),
            func.bool_or(and_(Holding.quantity > 0, TickerRow.price.is_(None))).label("unpriced"),
            null().label("peak"),
            func.count().filter(in_trade).label("positions"),
            func.max(Holding.lost_at).label("lost_at"),
        )
        .join(Bot, Bot.id == Holding.bot_id)
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .outerjoin(TickerRow, TickerRow.symbol == Bot.symbol)
        .where(among(Bot.user_id, people))
        .group_by(Bot.user_id, PRACTICE, QUOTE)
    )


def _peaks(people: list[int]) -> Part:
    return select(
        ResultPeak.user_id,
        ResultPeak.practice,
        ResultPeak.quote,
        NOTHING,
        NOTHING,
        NOTHING,
        false(),
        ResultPeak.peak,
        literal(0),
        null(),
    ).where(among(ResultPeak.user_id, people))
