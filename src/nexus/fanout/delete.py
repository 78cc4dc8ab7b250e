"""Delete a bot that has nothing left to do. Its orders, trades and results are kept."""

from sqlalchemy import exists, select

from nexus.accounts.audit import write_audit
from nexus.bots.errors import BotRefusedError
from nexus.bots.events import BotChanged
from nexus.bots.models import Bot, Holding
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.fanout.models import PlanRow, is_live

RUNS = "Stop the bot first. Nothing was deleted."
HOLDS = "The bot still holds a position. Close it first. Nothing was deleted."
ORDER_OPEN = "An order of this bot is not settled yet. Try again in a minute. Nothing was deleted."


async def delete_bot(tx: Transaction, bot_id: int, *, network: str) -> None:
    """Delete a stopped bot that holds nothing; deleted twice, it is deleted once.

    Raises BotRefusedError with a sentence. The row is locked: a start or a claim under way is
    waited for, and afterwards neither finds the bot.
    """
    bot = await tx.scalar(select(Bot).where(Bot.id == bot_id).with_for_update())
    if bot is None or bot.deleted_at is not None:
        return
    if reason := await why_not_deleted(tx, bot):
        raise BotRefusedError("", reason)
    bot.deleted_at = now()
    tx.announce(BotChanged(bot.id, bot.user_id))
    await tx.flush()
    await write_audit(
        tx, "bot_deleted", user_id=bot.user_id, actor_id=bot.user_id, network=network, bot=bot.id
    )


async def why_not_deleted(tx: Transaction, bot: Bot) -> str:
    """Say what keeps a bot from being deleted; empty when nothing does."""
    if bot.status != "stopped":
        return RUNS
    if await tx.scalar(select(exists().where(PlanRow.bot_id == bot.id, is_live()))):
        return ORDER_OPEN
    in_trade = exists().where(
        Holding.bot_id == bot.id, Holding.trade_id.is_not(None), Holding.quantity > 0
    )
    return HOLDS if await tx.scalar(select(in_trade)) else ""
