"""How do people and operators interfere? They stop, resume, and take accounts away, mid-flight."""

import asyncio
from dataclasses import replace

from sqlalchemy import func, select, update

from nexus.bots.models import Bot, RestingStop
from nexus.bots.start import pause_bot, start_bot
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.models import ExchangeAccount
from nexus.execution.models import OrderRow
from nexus.regime.record import set_switch
from prove.campaign import Campaign, Stop

STEP = 5


async def pause_some(campaign: Campaign) -> bool:
    """Let some people stop their bots in the middle of it all (row 35)."""
    stopped = 0
    for bot_id in await _some_bots(campaign, "running"):
        async with campaign.house.database.transaction() as tx:
            paused = await pause_bot(tx, bot_id, by="prove")
            last = await last_order(tx)
        if paused:
            stopped += 1
            campaign.stops.append(Stop(now(), bot_id, last))
    return stopped > 0


async def resume_some(campaign: Campaign) -> bool:
    """Start paused bots again; their stop ends here."""
    bots = await _some_bots(campaign, "paused")
    for bot_id in bots:
        async with campaign.house.database.transaction() as tx:
            await start_bot(tx, bot_id, by="prove")
            last = await last_order(tx)
        campaign.stops = [
            replace(stop, until_order=last)
            if stop.bot_id == bot_id and stop.until_order is None and not stop.exits_too
            else stop
            for stop in campaign.stops
        ]
    return bool(bots)


async def stop_everything(campaign: Campaign) -> bool:
    """Stop everything for some seconds, and release it."""
    async with campaign.house.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=True, reason="prove", by="prove")
        first, first_resting = await last_order(tx), await last_resting(tx)
    at = now()
    await asyncio.sleep(campaign.dice.uniform(3, 6))
    async with campaign.house.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=False, reason="", by="prove")
        last, last_stop = await last_order(tx), await last_resting(tx)
    campaign.stops.append(
        Stop(
            at,
            None,
            first,
            last,
            exits_too=True,
            after_resting=first_resting,
            until_resting=last_stop,
        )
    )
    return True


async def remove_account(campaign: Campaign) -> bool:
    """Let a person take their account away in the middle of it all (row 36)."""
    active = select(ExchangeAccount.id).where(ExchangeAccount.status == "active")
    async with campaign.house.database.transaction() as tx:
        account_id = campaign.dice.choice(list(await tx.scalars(active)))
        await tx.execute(
            update(ExchangeAccount)
            .where(ExchangeAccount.id == account_id)
            .values(status="key_invalid", status_reason="prove")
        )
        last, resting = await last_order(tx), await last_resting(tx)
        bots = list(await tx.scalars(select(Bot.id).where(Bot.account_id == account_id)))
    campaign.house.taken_away.add(account_id)
    campaign.stops += [
        Stop(now(), bot_id, last, exits_too=True, after_resting=resting) for bot_id in bots
    ]
    return True


async def last_order(tx: Transaction) -> int:
    """Give the highest number of an order; the caller holds the lock that claims wait for."""
    return await tx.scalar(select(func.max(OrderRow.id))) or 0


async def last_resting(tx: Transaction) -> int:
    """Give the highest number of a stop that rests; it is given under the same locks."""
    return await tx.scalar(select(func.max(RestingStop.id))) or 0


async def _some_bots(campaign: Campaign, status: str) -> list[int]:
    async with campaign.house.database.transaction() as tx:
        found = sorted(await tx.scalars(select(Bot.id).where(Bot.status == status)))
    return campaign.dice.sample(found, min(len(found), STEP))
