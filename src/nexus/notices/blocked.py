"""Whom does a blocked entry concern? Everybody with a running bot that would have followed it."""

from collections.abc import Sequence

from sqlalchemy import select

from nexus.bots.models import Bot
from nexus.core.db import Transaction, among
from nexus.notices.owe import Notice, owe_notices
from nexus.regime.events import Decided
from nexus.regime.models import VerdictRow
from nexus.strategy.border import Action
from nexus.strategy.models import DecisionRow

BUYS = [action.value for action in Action if action.buys]


async def tell_of_blocks(tx: Transaction, facts: Sequence[Decided]) -> None:
    """Owe a notice for each of these decisions that the gate has blocked."""
    ids = [fact.decision_id for fact in facts]
    rows = await tx.execute(
        select(Bot.user_id, DecisionRow.symbol, VerdictRow.reason)
        .join(VerdictRow, VerdictRow.decision_id == DecisionRow.id)
        .join(Bot, (Bot.strategy == DecisionRow.strategy) & (Bot.symbol == DecisionRow.symbol))
        .where(
            among(DecisionRow.id, ids),
            among(DecisionRow.action, BUYS),
            VerdictRow.blocked,
            Bot.status == "running",
        )
        .distinct()
    )
    await owe_notices(
        tx,
        [
            Notice(user_id, "blocked", f"{symbol}: an entry was blocked", reason)
            for user_id, symbol, reason in rows
        ],
    )
