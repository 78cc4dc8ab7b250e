"""Stop all bots of one person at once: one transaction, in force the moment it commits."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select

from nexus.accounts.audit import write_audit
from nexus.billing.models import Entitlement
from nexus.bots.close import request_close
from nexus.bots.events import BotChanged, BotsStopped
from nexus.bots.models import Bot, Holding
from nexus.core.clock import now
from nexus.core.db import Transaction


class Meaning(StrEnum):
    """What a person means by "stop everything"."""

    PAUSE = "pause"
    """No new entries; exits are still followed."""
    STOP = "stop"
    """Nothing is bought or sold any more; what is held is kept."""
    CLOSE = "close"
    """Everything held is sold at the market price, then the bots stop."""


STOPS = {
    Meaning.PAUSE: ("paused", ("running",)),
    Meaning.STOP: ("stopped", ("running", "paused", "closing")),
}
"""The state each bot goes to, and from which it does."""

ACTS = {
    Meaning.PAUSE: "bots_paused",
    Meaning.STOP: "bots_stopped",
    Meaning.CLOSE: "bots_closed",
}
"""What the audit calls each."""


async def stop_everything(
    tx: Transaction,
    user_id: int,
    meaning: Meaning,
    *,
    idempotency_key: str,
    network: str,
    actor_id: int | None = None,
) -> int:
    """Stop all bots of a person; give how many changed. What is so already is left as it is.

    `actor_id` is who asked for it, where that is not the person themselves.

    The claim locks each bot against being changed, so this waits for a claim under way, and no
    later one passes. The key makes a second press of "close" the same wish.
    """
    bots = await _locked(tx, user_id)
    actor = user_id if actor_id is None else actor_id
    by = f"user:{actor}"
    if meaning is Meaning.CLOSE:
        key = f"{user_id}/{{}}/{idempotency_key}"
        changed = [
            bot
            for bot in await _to_close(tx, bots)
            if await _close(tx, bot, by=by, idempotency_key=key.format(bot.id))
        ]
    else:
        changed = _set(tx, bots, *STOPS[meaning], by=by)
    if changed:
        tx.announce(BotsStopped(user_id, meaning, len(changed), now()))
        await tx.flush()
        await write_audit(
            tx, ACTS[meaning],
            user_id=user_id, actor_id=actor, network=network, bots=len(changed),
        )  # fmt: skip
    return len(changed)


async def _locked(tx: Transaction, user_id: int) -> Sequence[Bot]:
    """Lock the person's bots, in the order in which a claim locks them.

    Whoever makes a bot, or starts a stopped one, holds the entitlement: it is locked first, so a
    bot that is being made in another tab is among those that are stopped.
    """
    await tx.execute(
        select(Entitlement.user_id).where(Entitlement.user_id == user_id).with_for_update()
    )
    mine = select(Bot).where(Bot.user_id == user_id).order_by(Bot.id).with_for_update()
    return (await tx.scalars(mine)).all()


def _set(
    tx: Transaction, bots: Sequence[Bot], status: str, among: Sequence[str], *, by: str
) -> list[Bot]:
    changed = [bot for bot in bots if bot.status in among]
    for bot in changed:
        bot.status, bot.status_reason = status, ""
        bot.status_at, bot.status_by = now(), by
        tx.announce(BotChanged(bot.id, bot.user_id))
    return changed


async def _to_close(tx: Transaction, bots: Sequence[Bot]) -> list[Bot]:
    """Leave out what is stopped already and in no trade: there is nothing to sell."""
    in_trade = set(
        await tx.scalars(
            select(Holding.bot_id).where(
                Holding.bot_id.in_([bot.id for bot in bots]), Holding.trade_id.is_not(None)
            )
        )
    )
    return [bot for bot in bots if bot.status != "stopped" or bot.id in in_trade]


async def _close(tx: Transaction, bot: Bot, *, by: str, idempotency_key: str) -> bool:
    """Ask for one bot to be closed; say whether this changed anything."""
    before = bot.status
    await request_close(tx, bot.id, by=by, idempotency_key=idempotency_key)
    return bot.status != before
