"""Somebody trades by hand what a bot of theirs holds: tell them what the bot makes of it.

Nothing of theirs is touched, and nothing of the bot's changes: what it holds comes from its own
fills and from nothing else.
"""

from collections.abc import Sequence

from sqlalchemy import select

from nexus.bots.models import Bot, Holding
from nexus.core.clock import now
from nexus.core.db import Transaction, among
from nexus.exchanges.events import AccountNews
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.user_stream import OrderHeard

DETAIL = (
    "On {account}. Your bot goes on counting what it bought as its own, and sells no more than is"
    " free. If you sold its coins, stop it and close it; if not, there is nothing to do."
)


async def tell_of_own_trades(tx: Transaction, heard: Sequence[OrderHeard]) -> None:
    """Tell owners, once for each order, that they traded a symbol that a bot of theirs holds."""
    begun = {(one.account_id, _letters(one.market)) for one in heard if _is_first(one)}
    if not begun:
        return
    held = await tx.execute(
        select(ExchangeAccount.id, ExchangeAccount.user_id, ExchangeAccount.label, Bot.symbol)
        .join(Bot, Bot.account_id == ExchangeAccount.id)
        .join(Holding, Holding.bot_id == Bot.id)
        .where(
            among(ExchangeAccount.id, {account for account, _ in begun}),
            Holding.quantity > 0,
            Holding.trade_id.is_not(None),
        )
        .distinct()
    )
    for account, user_id, label, symbol in held:
        if (account, _letters(symbol)) in begun:
            title = f"You traded {symbol} yourself"
            told = {"title": title, "detail": DETAIL.format(account=label)}
            tx.announce(AccountNews(account, user_id, label, good=True, at=now(), **told))


def _is_first(one: OrderHeard) -> bool:
    """Say whether this is the first execution of an order."""
    return one.fill is not None and one.fill.quantity == one.executed_quantity


def _letters(symbol: str) -> str:
    """Write a symbol as every venue does, but for its marks: `BTCUSDT`."""
    return "".join(filter(str.isalnum, symbol))
