"""Which limits are reached, and who wants their bots closed then? One round for everybody."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import or_, select

from nexus.accounts.audit import write_audit
from nexus.bots.close import request_close
from nexus.bots.events import BotsStopped
from nexus.bots.limits import Allowance, Purse, day_loss_reached, drawdown_reached
from nexus.bots.models import Bot, Holding, LimitsRow, ResultPeak
from nexus.bots.standing import PRACTICE, QUOTE, allowances_of, limits_of
from nexus.core.clock import now
from nexus.core.db import Transaction, among, upsert
from nexus.exchanges.models import ExchangeAccount

DAY_LOSS: Final = "day_loss"
DRAWDOWN: Final = "drawdown"


async def people_to_watch(tx: Transaction) -> list[int]:
    """List those whose result must be followed, or whose bots a limit may close."""
    watched = or_(LimitsRow.drawdown.is_not(None), LimitsRow.day_loss_closes)
    return list(await tx.scalars(select(LimitsRow.user_id).where(watched)))


async def watch_limits(tx: Transaction, people: Iterable[int]) -> int:
    """Follow the results of these people, and close bots where a limit that closes is reached.

    Gives how many were told to close. What is held by bots their owner stopped stays held.
    """
    allowances = await allowances_of(tx, await limits_of(tx, people))
    reached = {purse: why for purse, a in allowances.items() if (why := _closes(a))}
    closed = await _close(tx, reached) if reached else {}
    await keep_peaks(tx, allowances)
    await _tell(tx, closed)
    return sum(closed.values())


async def keep_peaks(tx: Transaction, allowances: Mapping[Purse, Allowance]) -> None:
    """Note each result that is higher than any before it, of those who limit its fall."""
    higher = [
        {"user_id": p.user_id, "practice": p.practice, "quote": p.quote, "peak": s.result}
        for p, a in allowances.items()
        if a.limits.drawdown is not None
        and (s := a.standing).result is not None
        and (s.peak is None or s.result > s.peak)
    ]
    keys = ("user_id", "practice", "quote")
    # In one order for everybody, so that two rounds at once cannot wait for each other.
    higher.sort(key=lambda row: tuple(str(row[key]) for key in keys))
    await upsert(tx, ResultPeak, higher, keys=keys)


def _closes(allowance: Allowance) -> str:
    """Name the limit that is reached and is to close; empty when there is none."""
    limits, standing = allowance.limits, allowance.standing
    if limits.day_loss_closes and day_loss_reached(limits, standing):
        return DAY_LOSS
    if limits.drawdown_closes and drawdown_reached(limits, standing):
        return DRAWDOWN
    return ""


async def _close(tx: Transaction, reached: Mapping[Purse, str]) -> dict[tuple[int, str], int]:
    """Ask for each bot in a trade to be closed, once per trade and day."""
    rows = await tx.execute(
        select(Bot.id, Bot.user_id, PRACTICE, QUOTE, Holding.trade_id)
        .join(Holding, Holding.bot_id == Bot.id)
        .join(ExchangeAccount, ExchangeAccount.id == Bot.account_id)
        .where(
            among(Bot.user_id, {purse.user_id for purse in reached}),
            Bot.status.in_(("running", "paused")),
            Holding.trade_id.is_not(None),
            Holding.quantity > 0,
        )
        .order_by(Bot.id)
    )
    closed: dict[tuple[int, str], int] = {}
    for bot_id, user_id, practice, quote, trade_id in rows.all():
        why = reached.get(Purse(user_id, practice, quote))
        key = f"limit/{why}/{bot_id}/{trade_id}/{now().date()}"
        if why and await _ask(tx, bot_id, why, key):
            closed[user_id, why] = closed.get((user_id, why), 0) + 1
    return closed


async def _ask(tx: Transaction, bot_id: int, why: str, key: str) -> bool:
    """Ask for one bot to be closed; say whether it was not asked for already."""
    request = await request_close(tx, bot_id, by=f"limit:{why}", idempotency_key=key)
    return request is not None and request.idempotency_key == key and request.finished_at is None


async def _tell(tx: Transaction, closed: Mapping[tuple[int, str], int]) -> None:
    """Tell each owner, and write down that their limit did it."""
    for (user_id, why), bots in sorted(closed.items()):
        tx.announce(BotsStopped(user_id, why, bots, now()))
        await write_audit(tx, "limit_closed", user_id=user_id, limit=why, bots=bots)
