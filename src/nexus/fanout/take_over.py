"""An exit has ended and its bot still holds what was to be sold: who finishes it?

An exit is one plan with few attempts. What it did not sell is sold by the rules of a close, which
is tried again for more than an hour and planned anew each time; then the bot goes on as before.
"""

from datetime import timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from nexus.bots.close import EXIT, finish_exit
from nexus.bots.models import Bot, CloseRequest, Holding
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.models import ExchangeAccount
from nexus.fanout.models import PlanRow, is_live
from nexus.regime.models import Switch
from nexus.regime.stops import EVERYTHING
from nexus.strategy.border import Action
from nexus.strategy.models import DecisionRow

PATIENCE = timedelta(seconds=30)
"""How old an exit must be: what it did sell is known by then."""
MOST = 500
OF_STRATEGY = "strategy:"


async def take_over_exits(tx: Transaction) -> None:
    """Ask for the rest of each exit that ended unfinished, once; no stop is passed by this."""
    stopped = set(await tx.scalars(select(Switch.name).where(Switch.stopped)))
    if EVERYTHING in stopped:
        return
    leave = aliased(DecisionRow)
    of_bot = PlanRow.bot_id == Bot.id
    name = func.concat(EXIT, leave.id, "/", Bot.id)
    rows = await tx.execute(
        select(Bot.id, leave.id)
        .join(Holding, Holding.bot_id == Bot.id)
        .join(leave, leave.trade_id == Holding.trade_id)
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .where(
            Holding.quantity > 0,
            Bot.status.in_(("running", "paused")),
            Bot.strategy.not_in({one.removeprefix(OF_STRATEGY) for one in stopped}),
            ExchangeAccount.status.in_(("active", "paused", "exits_only")),
            leave.action == Action.EXIT,
            exists().where(
                of_bot, PlanRow.decision_id == leave.id, PlanRow.created_at < now() - PATIENCE
            ),
            ~exists().where(of_bot, is_live()),
            ~exists().where(CloseRequest.idempotency_key == name),
        )
        .order_by(Bot.id)
        .limit(MOST)
    )
    for bot_id, decision_id in rows.all():
        await finish_exit(tx, bot_id, idempotency_key=f"{EXIT}{decision_id}/{bot_id}")
