"""Which orders that were written down may not be sent any more? A stop may have come since."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from nexus.bots.models import Bot
from nexus.core.db import Database, among
from nexus.exchanges.last_look import Look
from nexus.exchanges.models import ExchangeAccount
from nexus.exchanges.protocol import Intent, Side
from nexus.execution.models import OrderRow
from nexus.execution.weigh import Standing, stands_against
from nexus.fanout.models import PlanRow
from nexus.regime.models import Switch

KEY_CHANGED = "ACCOUNT_NOT_ACTIVE: its key was removed or replaced"


def last_look(database: Database) -> Look:
    """Give what asks the database again about orders that wait for their turn."""

    async def look(intents: Sequence[Intent]) -> Mapping[int, str]:
        claimed_with = {one.order_id: one.account.key_version for one in intents}
        query = (
            select(
                OrderRow.id, PlanRow.action, PlanRow.side, Bot.strategy, Bot.status,
                ExchangeAccount.status.label("account_status"), ExchangeAccount.key_version,
            )
            .join(PlanRow, PlanRow.id == OrderRow.plan_id)
            .join(Bot, Bot.id == OrderRow.bot_id)
            .join(ExchangeAccount, ExchangeAccount.id == OrderRow.account_id)
            .where(among(OrderRow.id, claimed_with))
        )  # fmt: skip
        async with database.transaction() as tx:
            stopped = frozenset(await tx.scalars(select(Switch.name).where(Switch.stopped)))
            rows = (await tx.execute(query)).all()
        forbidden: dict[int, str] = {}
        for row in rows:
            standing = Standing(
                row.action, row.strategy, Side(row.side), row.status, row.account_status
            )
            refusal = stands_against(standing, stopped)
            if refusal is not None:
                forbidden[row.id] = refusal.reason
            elif row.key_version != claimed_with[row.id]:
                forbidden[row.id] = KEY_CHANGED
        return forbidden

    return look
