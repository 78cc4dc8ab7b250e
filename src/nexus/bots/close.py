"""Stop a bot and sell what it holds, because its owner said so."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from nexus.bots.events import BotChanged, CloseRequested
from nexus.bots.models import Bot, CloseRequest, Holding
from nexus.bots.retry import wait_after
from nexus.core.clock import now
from nexus.core.db import Transaction, among

EXIT: Final = "exit/"
"""Who asks for the rest of an exit; behind it stands what the bot goes back to."""
GOING_ON: Final = ("running", "paused")


async def request_close(
    tx: Transaction, bot_id: int, *, by: str, idempotency_key: str
) -> CloseRequest | None:
    """Ask for a bot to be closed; asking again with the same key, or meanwhile, sells no more.

    Who asks again while a failed sale waits for its next try has that try at once.

    From the commit on, no entry can be sent for this bot. None when there is no such bot.
    """
    bot = await tx.scalar(select(Bot).where(Bot.id == bot_id).with_for_update())
    if bot is None:
        return None
    if bot.status == "closing":
        newest = await _newest_request(tx, bot_id)
        if newest is not None and newest.finished_at is None:
            newest.not_before, newest.requested_by = None, by
        return newest
    request: CloseRequest | None = await tx.scalar(
        insert(CloseRequest)
        .values(bot_id=bot_id, requested_by=by, requested_at=now(), idempotency_key=idempotency_key)
        .on_conflict_do_nothing()
        .returning(CloseRequest)
    )
    if request is None:
        return await _newest_request(tx, bot_id)
    bot.status, bot.status_reason = "closing", "Selling what it holds."
    bot.status_at, bot.status_by = now(), by
    tx.announce(CloseRequested(request.id), BotChanged(bot.id, bot.user_id))
    return request


async def finish_exit(tx: Transaction, bot_id: int, *, idempotency_key: str) -> None:
    """Sell the rest of an exit that ended unfinished; then the bot goes on as it was.

    Whoever asks for a close meanwhile has it: then the bot stops in the end.
    """
    bot = await tx.scalar(
        select(Bot).where(Bot.id == bot_id, Bot.status.in_(GOING_ON)).with_for_update()
    )
    if bot is not None:
        by = f"{EXIT}{bot.status}"
        await request_close(tx, bot_id, by=by, idempotency_key=idempotency_key)


async def _newest_request(tx: Transaction, bot_id: int) -> CloseRequest | None:
    newest: CloseRequest | None = await tx.scalar(
        select(CloseRequest)
        .where(CloseRequest.bot_id == bot_id)
        .order_by(CloseRequest.id.desc())
        .limit(1)
    )
    return newest


async def replace_closes(tx: Transaction, request_ids: Iterable[int]) -> None:
    """End earlier wishes whose sale was never sent, because the bot was told to close anew.

    The bot is left as it is: the newer wish decides what becomes of it.
    """
    await tx.execute(
        update(CloseRequest)
        .where(among(CloseRequest.id, request_ids), CloseRequest.finished_at.is_(None))
        .values(finished_at=now(), outcome="You asked again before anything was sold.")
    )


async def finish_close(tx: Transaction, request_id: int, *, sold: bool, outcome: str) -> None:
    """End a close request: the bot is stopped, or the sale is tried again later.

    Where it was the rest of an exit, the bot goes on instead.

    After the last try the bot is paused, with the reason why it still holds. Nothing is tried
    again for a bot that is no longer closing: its owner has said something else meanwhile. A
    stopped bot has left the leader's trade: started again, it waits for the next entry.
    """
    request = await tx.scalar(
        update(CloseRequest)
        .where(CloseRequest.id == request_id, CloseRequest.finished_at.is_(None))
        .values(finished_at=now(), outcome=outcome)
        .returning(CloseRequest)
    )
    if request is None:
        return
    wait = None if sold else wait_after(request.attempt)
    went_on = request.requested_by.removeprefix(EXIT)
    ends = went_on if went_on in GOING_ON else "stopped"
    bot = await tx.scalar(
        update(Bot)
        .where(Bot.id == request.bot_id, Bot.status == "closing")
        .values(
            status=ends if sold else "paused" if wait is None else "closing",
            status_reason="" if sold and ends in GOING_ON else outcome,
            status_at=now(),
            status_by=request.requested_by,
        )
        .returning(Bot)
    )
    if bot is None:
        return
    tx.announce(BotChanged(bot.id, bot.user_id))
    if wait is not None:
        await _try_again(tx, request, wait)
    if sold:
        await tx.execute(
            update(Holding).where(Holding.bot_id == bot.id).values(trade_id=None, layers=0)
        )


async def _try_again(tx: Transaction, failed: CloseRequest, wait: timedelta) -> None:
    """Ask for the next try; the sweeper plans it when its time has come."""
    await tx.execute(
        insert(CloseRequest).values(
            bot_id=failed.bot_id,
            requested_by=failed.requested_by,
            requested_at=now(),
            idempotency_key=f"again/{failed.id}",
            attempt=failed.attempt + 1,
            not_before=now() + wait,
        )
    )
