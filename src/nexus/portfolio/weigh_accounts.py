"""What does every account with bots come to now, and was all of it really seen? One query."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select

from nexus.bots.models import Bot, Holding
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.market.models import TickerRow

ZERO = literal(Decimal(0))
QUOTE: ColumnElement[str] = func.split_part(Bot.symbol, "/", 2)
UNREADABLE: Final = ("key_invalid", "removed")
"""What we cannot ask the exchange about any more is not known, whatever it was last."""


def weighed(fresh_since: datetime) -> Select[*tuple[Any, ...]]:
    """Select each account and quote currency: what is free, held and won, and if it is `known`.

    It is known when its balance was read and each price it needs is not older than `fresh_since`;
    else its amounts mean nothing.
    """
    quantity = func.coalesce(Holding.quantity, ZERO)
    worth = quantity * func.coalesce(TickerRow.price, ZERO)
    result = func.coalesce(Holding.realised, ZERO) + worth - func.coalesce(Holding.cost, ZERO)
    readable = and_(
        ExchangeAccount.status.not_in(UNREADABLE),
        ExchangeAccount.id.in_(select(AccountBalance.account_id)),
    )
    priced = or_(quantity == 0, TickerRow.price.is_not(None))
    return (
        select(
            Bot.account_id,
            QUOTE.label("quote"),
            func.coalesce(func.max(AccountBalance.free), ZERO).label("free"),
            func.sum(worth).label("held"),
            func.sum(result).label("result"),
            func.bool_and(and_(readable, priced)).label("known"),
        )
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .outerjoin(Holding, Holding.bot_id == Bot.id)
        .outerjoin(TickerRow, and_(TickerRow.symbol == Bot.symbol, TickerRow.at >= fresh_since))
        .outerjoin(
            AccountBalance,
            and_(AccountBalance.account_id == Bot.account_id, AccountBalance.asset == QUOTE),
        )
        .group_by(Bot.account_id, QUOTE)
    )
