"""Close the bots of many people at once, because our staff said so: one transaction."""

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.bots.events import BotChanged, CloseRequested
from nexus.bots.models import Bot, CloseRequest
from nexus.core.clock import now
from nexus.core.db import Transaction, among, one_of

STAFF = "staff:"
"""Before the id of whoever of us closed a bot: its owner reads that it was not themselves."""


def may_be_closed() -> ColumnElement[bool]:
    """Say that a bot acts. What its owner stopped and keeps is theirs to sell, not ours."""
    return one_of(Bot.status, "running", "paused")


async def close_bots(
    tx: Transaction, *which: ColumnElement[bool], actor_id: int, idempotency_key: str
) -> int:
    """Ask for each of these bots to be closed; give how many. The same key is the same wish.

    The bots are locked in the order in which a claim locks them: this waits for a claim under
    way, and no later entry passes.
    """
    found = select(Bot).where(may_be_closed(), *which).order_by(Bot.id).with_for_update()
    bots = {bot.id: bot.user_id for bot in await tx.scalars(found)}
    if not bots:
        return 0
    by, at = f"{STAFF}{actor_id}", now()
    wishes = [
        {
            "bot_id": bot_id, "requested_by": by, "requested_at": at,
            "idempotency_key": f"{by}/{bot_id}/{idempotency_key}",
        }
        for bot_id in bots
    ]  # fmt: skip
    asked = await tx.execute(
        insert(CloseRequest)
        .values(wishes)
        .on_conflict_do_nothing()
        .returning(CloseRequest.id, CloseRequest.bot_id)
    )
    requests = {row.bot_id: row.id for row in asked}
    await tx.execute(
        update(Bot)
        .where(among(Bot.id, requests))
        .values(status="closing", status_reason="", status_at=at, status_by=by)
    )
    tx.announce(*(CloseRequested(request_id) for request_id in requests.values()))
    tx.announce(*(BotChanged(bot_id, bots[bot_id]) for bot_id in requests))
    return len(requests)
