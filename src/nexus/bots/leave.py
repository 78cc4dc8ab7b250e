"""Whoever leaves takes no new trades: their bots pause when they ask to be deleted."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import update

from nexus.accounts.events import DeletionAsked
from nexus.bots.events import BotChanged
from nexus.bots.models import Bot
from nexus.core.clock import now
from nexus.core.db import Transaction

BY: Final = "account deletion"


async def pause_bots_of_leavers(tx: Transaction, facts: Sequence[DeletionAsked]) -> None:
    """Pause the running bots of people who leave; what they hold stays theirs."""
    paused = await tx.execute(
        update(Bot)
        .where(Bot.user_id.in_([fact.user_id for fact in facts]), Bot.status == "running")
        .values(status="paused", status_reason="", status_at=now(), status_by=BY)
        .returning(Bot.id, Bot.user_id)
    )
    tx.announce(*(BotChanged(row.id, row.user_id) for row in paused))
