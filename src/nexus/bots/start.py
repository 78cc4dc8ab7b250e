"""Start a bot, or pause it. What it holds stays; see `close.py` for selling it."""

from decimal import Decimal

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.billing.models import Entitlement, Tier
from nexus.bots.errors import BotRefusedError
from nexus.bots.events import BotChanged
from nexus.bots.models import Bot
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.models import ExchangeAccount

NOT_STARTED = "It was not started"
"""How the reason of a stopped bot begins that its owner tried to start in vain."""


async def create_bot(
    tx: Transaction,
    *,
    user_id: int,
    account_id: int,
    strategy: str,
    symbol: str,
    allocation: Decimal,
    max_order: Decimal | None = None,
) -> Bot:
    """Make a running bot on one of the person's own accounts.

    It follows from the leader's next entry. Raises BotRefusedError with a sentence.
    """
    account = await tx.scalar(
        select(ExchangeAccount).where(
            ExchangeAccount.id == account_id, ExchangeAccount.user_id == user_id
        )
    )
    if account is None or account.status != "active":
        raise BotRefusedError("account", "Choose one of your connected accounts.")
    await check_tier(tx, user_id, allocation)
    bot: Bot | None = await tx.scalar(
        insert(Bot)
        .values(
            user_id=user_id,
            account_id=account_id,
            strategy=strategy,
            symbol=symbol,
            allocation=allocation,
            max_order=max_order,
            status="running",
            status_reason="",
            status_at=now(),
            status_by=f"user:{user_id}",
            created_at=now(),
        )
        .on_conflict_do_nothing()
        .returning(Bot)
    )
    if bot is None:
        raise BotRefusedError("symbol", "This account already runs this strategy on this symbol.")
    tx.announce(BotChanged(bot.id, user_id))
    return bot


async def start_bot(tx: Transaction, bot_id: int, *, by: str) -> bool:
    """Let a paused or stopped bot follow again, from the leader's next entry.

    A stopped bot has given up its place and its share, so the tier is asked again. Where it
    refuses, the bot stays stopped and says why.
    """
    stopped = await tx.scalar(
        select(Bot).where(Bot.id == bot_id, Bot.status == "stopped", Bot.deleted_at.is_(None))
    )
    if stopped is not None:
        try:
            await check_tier(tx, stopped.user_id, stopped.allocation)
        except BotRefusedError as refusal:
            reason = f"{NOT_STARTED}: {refusal.sentence}"
            await tx.execute(update(Bot).where(Bot.id == bot_id).values(status_reason=reason))
            tx.announce(BotChanged(bot_id, stopped.user_id))
            return False
    return await _set_status(tx, bot_id, "running", ("paused", "stopped"), by)


async def pause_bot(tx: Transaction, bot_id: int, *, by: str) -> bool:
    """Take no new entries; exits are still followed. Effective at commit."""
    return await _set_status(tx, bot_id, "paused", ("running",), by)


async def stop_bot(tx: Transaction, bot_id: int, *, by: str) -> bool:
    """Buy and sell nothing any more, and keep what is held. Effective at commit."""
    return await _set_status(tx, bot_id, "stopped", ("running", "paused", "closing"), by)


async def _set_status(
    tx: Transaction, bot_id: int, status: str, from_status: tuple[str, ...], by: str
) -> bool:
    bot = await tx.scalar(
        update(Bot)
        .where(Bot.id == bot_id, Bot.status.in_(from_status), Bot.deleted_at.is_(None))
        .values(status=status, status_reason="", status_at=now(), status_by=by)
        .returning(Bot)
    )
    if bot is None:
        return False
    tx.announce(BotChanged(bot.id, bot.user_id))
    return True


async def check_tier(
    tx: Transaction, user_id: int, allocation: Decimal, *, but_bot: int | None = None
) -> None:
    """Refuse what the person's tier does not allow, with the numbers.

    `but_bot` is a bot that has its place already and is given another amount: it counts anew.
    """
    # The entitlement row is locked so that two bots made at once cannot both take the last place.
    tier = await tx.scalar(
        select(Tier)
        .join(Entitlement, Entitlement.tier == Tier.name)
        .where(
            Entitlement.user_id == user_id,
            or_(Entitlement.valid_until.is_(None), Entitlement.valid_until > now()),
        )
        .with_for_update(of=Entitlement)
    )
    if tier is None:
        raise BotRefusedError("", "Your tier does not include bots.")
    has, given = (
        await tx.execute(
            select(func.count(), func.coalesce(func.sum(Bot.allocation), 0)).where(
                Bot.user_id == user_id, Bot.status != "stopped", Bot.id != (but_bot or 0)
            )
        )
    ).one()
    if has >= tier.max_bots and but_bot is None:
        raise BotRefusedError("", f"Your tier allows {tier.max_bots} bots. Stop one first.")
    left = tier.max_allocation - given
    if allocation > left:
        raise BotRefusedError("allocation", f"Your tier leaves {left:.2f} to allocate.")
