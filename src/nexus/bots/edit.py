"""Give a bot another amount. What it holds stays; only what it may buy from now on changes."""

from decimal import Decimal

from sqlalchemy import select

from nexus.accounts.audit import write_audit
from nexus.bots.errors import BotRefusedError
from nexus.bots.events import BotChanged
from nexus.bots.models import Bot
from nexus.bots.start import check_tier
from nexus.bots.views import BotView
from nexus.core.db import Transaction
from nexus.core.render import money

CHANGED_MEANWHILE = "The amount was changed meanwhile. Look at it again."


def meaning(bot: BotView, allocation: Decimal) -> list[str]:
    """Say what another amount means for a bot, before it is given."""
    cost = bot.quantity * bot.average_price if bot.average_price is not None else Decimal(0)
    told = [_what_it_buys(bot, allocation, cost)]
    if bot.layer:
        told.append("Nothing is sold by this. Exits sell everything the bot holds, as before.")
    if bot.status == "stopped":
        told.append("The bot is stopped, so nothing changes until you start it again.")
    return told


def _what_it_buys(bot: BotView, allocation: Decimal, cost: Decimal) -> str:
    if allocation > bot.allocation:
        return (
            "Nothing is bought now. From the strategy's next entry or layer on the bot uses the"
            " larger amount."
        )
    if cost > allocation:
        return (
            f"It has {money(cost, bot.quote)} invested, which is more than that. It buys nothing"
            " more in this trade."
        )
    return "Its next purchases are smaller."


async def change_allocation(
    tx: Transaction, bot: BotView, allocation: Decimal, *, was: Decimal, network: str
) -> None:
    """Give a bot another amount; the same again changes nothing. Raises BotRefusedError.

    `was` is what its owner saw, so that nobody overwrites a change they do not know of. A claim
    holds the bot against being changed, so what is claimed afterwards keeps to the new amount.
    """
    if bot.status != "stopped" and allocation > bot.allocation:
        await check_tier(tx, bot.user_id, allocation, but_bot=bot.id)
    row = await tx.scalar(select(Bot).where(Bot.id == bot.id).with_for_update())
    if row is None or row.deleted_at is not None or row.allocation != was:
        raise BotRefusedError("", CHANGED_MEANWHILE)
    if row.allocation == allocation:
        return
    row.allocation = allocation
    tx.announce(BotChanged(row.id, row.user_id))
    await tx.flush()
    await write_audit(
        tx, "bot_amount_changed",
        user_id=row.user_id, actor_id=row.user_id, network=network,
        bot=row.id, before=f"{was.normalize():f}", after=f"{allocation.normalize():f}",
    )  # fmt: skip
