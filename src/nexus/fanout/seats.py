"""Who follows, and with what means? One query for all the bots of a decision."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from nexus.billing.models import Entitlement, Tier
from nexus.bots.models import Bot, Holding, LimitsRow, RestingStop
from nexus.core.db import Transaction, one_of
from nexus.exchanges.models import AccountBalance, ExchangeAccount, SymbolFilter
from nexus.exchanges.protocol import Filters, Side
from nexus.fanout.models import PlanRow, is_live
from nexus.fanout.size import Seat

ZERO = literal(Decimal(0))


async def seats(
    tx: Transaction, symbol: str, at: datetime, *where: ColumnElement[bool]
) -> list[Seat]:
    """Read the seats of all bots on `symbol` that fit the conditions, by account."""
    rows = await tx.execute(_seat_query(symbol, at).where(Bot.symbol == symbol, *where))
    return [Seat(**row) for row in rows.mappings()]


async def filters_by_venue(tx: Transaction, symbol: str) -> dict[str, Filters]:
    """Read what each venue demands of orders in `symbol`."""
    rows = await tx.scalars(select(SymbolFilter).where(SymbolFilter.symbol == symbol))
    return {
        row.venue: Filters(
            symbol=row.symbol,
            tick_size=row.tick_size,
            step_size=row.step_size,
            min_quantity=row.min_quantity,
            max_quantity=row.max_quantity,
            min_notional=row.min_notional,
            trading=row.trading,
            rests_stops=row.rests_stops,
        )
        for row in rows
    }


def busy_accounts() -> Select[int]:
    """Select the accounts with a plan that may still trade, or a stop that is under way."""
    moving = select(RestingStop.account_id).where(
        one_of(RestingStop.status, "PLACING", "UNKNOWN", "CANCELLING")
    )
    return select(
        union_all(select(PlanRow.account_id).where(is_live()), moving).subquery().c.account_id
    )


def _seat_query(symbol: str, at: datetime) -> Select[*tuple[Any, ...]]:
    base, _, quote = symbol.partition("/")
    base_balance = AccountBalance.__table__.alias("base_balance")
    quote_balance = AccountBalance.__table__.alias("quote_balance")
    spoken_for = _open_buys_per_account().subquery()
    invested = _invested_per_person().subquery()
    locked = _locked_by_stops().subquery()
    valid = and_(
        Entitlement.user_id == Bot.user_id,
        or_(Entitlement.valid_until.is_(None), Entitlement.valid_until > at),
    )
    return (
        select(
            Bot.id.label("bot_id"),
            Bot.user_id,
            Bot.account_id,
            ExchangeAccount.venue,
            Bot.status,
            ExchangeAccount.status.label("account_status"),
            Bot.allocation,
            Bot.max_order,
            func.coalesce(Holding.quantity, ZERO).label("held"),
            func.coalesce(Holding.cost, ZERO).label("cost"),
            Holding.trade_id,
            (
                func.coalesce(quote_balance.c.free, ZERO) - func.coalesce(spoken_for.c.spend, ZERO)
            ).label("free_quote"),
            (
                func.coalesce(base_balance.c.free, ZERO) + func.coalesce(locked.c.quantity, ZERO)
            ).label("free_base"),
            case(
                (Tier.name.is_(None), None),
                else_=Tier.max_allocation - func.coalesce(invested.c.cost, ZERO),
            ).label("tier_left"),
            exists().where(PlanRow.bot_id == Bot.id, is_live()).label("has_live_order"),
            LimitsRow.user_id.is_not(None).label("limited"),
        )
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .outerjoin(Holding, Holding.bot_id == Bot.id)
        .outerjoin(LimitsRow, LimitsRow.user_id == Bot.user_id)
        .outerjoin(Entitlement, valid)
        .outerjoin(Tier, Tier.name == Entitlement.tier)
        .outerjoin(spoken_for, spoken_for.c.account_id == Bot.account_id)
        .outerjoin(invested, invested.c.user_id == Bot.user_id)
        .outerjoin(locked, locked.c.bot_id == Bot.id)
        .outerjoin(
            base_balance,
            and_(base_balance.c.account_id == Bot.account_id, base_balance.c.asset == base),
        )
        .outerjoin(
            quote_balance,
            and_(quote_balance.c.account_id == Bot.account_id, quote_balance.c.asset == quote),
        )
        .order_by(Bot.account_id, Bot.id)
    )


def _locked_by_stops() -> Select[*tuple[Any, ...]]:
    """Select what each bot's own stop locks at its exchange: it is cancelled before a sale."""
    return select(RestingStop.bot_id, RestingStop.quantity).where(
        one_of(RestingStop.status, "RESTING", "CANCELLING")
    )


def _open_buys_per_account() -> Select[*tuple[Any, ...]]:
    """Sum what the open plans of each account will spend."""
    return (
        select(
            PlanRow.account_id,
            func.sum(PlanRow.quantity * PlanRow.reference_price).label("spend"),
        )
        .where(PlanRow.side == Side.BUY, is_live())
        .group_by(PlanRow.account_id)
    )


def _invested_per_person() -> Select[*tuple[Any, ...]]:
    """Sum what each person's bots have invested."""
    return (
        select(Bot.user_id, func.sum(Holding.cost).label("cost"))
        .join(Holding, Holding.bot_id == Bot.id)
        .group_by(Bot.user_id)
    )
