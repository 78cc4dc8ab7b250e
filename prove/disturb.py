"""What can go wrong, one by one. Each fault says when it fired; none is counted that did not."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import psutil  # type: ignore[import-untyped]
from sqlalchemy import select, text, update

from nexus.bots.models import Bot
from nexus.bots.start import pause_bot, start_bot
from nexus.core.clock import now
from nexus.exchanges.models import ExchangeAccount
from nexus.regime.record import set_switch
from prove.house import House

ORDER, QUERY, TICKERS = "POST /api/v3/order", "GET /api/v3/order", "GET /api/v3/ticker/24hr"
OVERLOADED, TOO_MANY, DUPLICATE, INTERNAL = (503, -1008), (429, -1003), (400, -2010), (500, -1000)


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop that has been committed: of a bot, or of everything until `until`."""

    at: datetime
    bot_id: int | None
    until: datetime | None


@dataclass
class Campaign:
    """What has been done so far, and the dice it is done by."""

    house: House
    dice: random.Random
    fired: Counter[str] = field(default_factory=Counter)
    stops: list[Stop] = field(default_factory=list)
    revoked: dict[str, int] = field(default_factory=dict)
    """Keys the exchange has revoked, and when, in its milliseconds."""


Fault = Callable[[Campaign], Awaitable[None]]


async def kill_worker(campaign: Campaign) -> None:
    """Kill a worker at any moment (rows 1 to 3, 5)."""
    _chosen_worker(campaign).send_signal(signal.SIGKILL)


async def deploy_worker(campaign: Campaign) -> None:
    """End a worker as a deploy does, while it may be sending (row 4)."""
    _chosen_worker(campaign).send_signal(signal.SIGTERM)


def _chosen_worker(campaign: Campaign) -> asyncio.subprocess.Process:
    alive = [w for w in campaign.house.workers if w.returncode is None]
    return campaign.dice.choice(alive)


async def flush_redis(campaign: Campaign) -> None:
    """Forget every job, count and lock (row 6)."""
    await campaign.house.redis.flushall()


async def shut_redis(campaign: Campaign) -> None:
    """Take Redis away for some seconds (row 7)."""
    door = campaign.house.doors["redis"]
    door.is_open = False
    await door.cut()
    await asyncio.sleep(campaign.dice.uniform(2, 5))
    door.is_open = True


async def kill_backend(campaign: Campaign) -> None:
    """Kill one PostgreSQL backend: every UNLOGGED table is empty afterwards (row 9)."""
    async with campaign.house.database.engine.connect() as connection:
        found = await connection.scalars(
            text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        )
        pids = [pid for pid in found if psutil.pid_exists(pid)]
    os.kill(campaign.dice.choice(pids), signal.SIGKILL)


async def lose_commits(campaign: Campaign) -> None:
    """Hold back what the database answers, then cut: was it committed or not (row 10)?"""
    door = campaign.house.doors["postgres"]
    door.answers.clear()
    await asyncio.sleep(campaign.dice.uniform(0.05, 0.5))
    await door.cut()
    door.answers.set()


async def cut_exchange(campaign: Campaign) -> None:
    """Cut every connection to the exchange."""
    await campaign.house.doors["exchange"].cut()


async def revoke_key(campaign: Campaign) -> None:
    """Let the exchange revoke a key in the middle of it all (row 37)."""
    house = campaign.house
    keys = [key for key in await house.control("GET", "keys") if key["key"] not in campaign.revoked]
    if not keys:
        return
    chosen = campaign.dice.choice(keys)["key"]
    await house.control("POST", "keys/change", key=chosen, revoked=True)
    state = await house.control("GET", "state")
    campaign.revoked[chosen] = state["now"]


async def spend_by_hand(campaign: Campaign) -> None:
    """Let a person take their money out themselves (row 26)."""
    house = campaign.house
    uid = campaign.dice.choice(await house.control("GET", "keys"))["uid"]
    await house.control("POST", "money", uid=uid, asset="USDT", delta="-50")


async def pause_some(campaign: Campaign) -> None:
    """Let some people stop their bots in the middle of it all (row 35)."""
    for bot_id in await _some_bots(campaign, "running"):
        async with campaign.house.database.transaction() as tx:
            paused = await pause_bot(tx, bot_id, by="prove")
        if paused:
            campaign.stops.append(Stop(now(), bot_id, None))


async def stop_everything(campaign: Campaign) -> None:
    """Stop everything for some seconds, and release it."""
    async with campaign.house.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=True, reason="prove", by="prove")
    at = now()
    await asyncio.sleep(campaign.dice.uniform(3, 6))
    campaign.stops.append(Stop(at, None, now()))
    async with campaign.house.database.transaction() as tx:
        await set_switch(tx, "everything", stopped=False, reason="", by="prove")


async def remove_account(campaign: Campaign) -> None:
    """Let a person take their account away in the middle of it all (row 36)."""
    async with campaign.house.database.transaction() as tx:
        found = await tx.scalars(
            select(ExchangeAccount.id).where(ExchangeAccount.status == "active")
        )
        account_id = campaign.dice.choice(list(found))
        await tx.execute(
            update(ExchangeAccount)
            .where(ExchangeAccount.id == account_id)
            .values(status="key_invalid", status_reason="prove")
        )
    async with campaign.house.database.transaction() as tx:
        bots = await tx.scalars(select(Bot.id).where(Bot.account_id == account_id))
        campaign.stops += [Stop(now(), bot_id, None) for bot_id in bots]


async def _some_bots(campaign: Campaign, status: str) -> list[int]:
    async with campaign.house.database.transaction() as tx:
        found = sorted(await tx.scalars(select(Bot.id).where(Bot.status == status)))
    return campaign.dice.sample(found, min(len(found), 5))


async def resume_some(campaign: Campaign) -> None:
    """Start paused bots again; their stop ends here."""
    for bot_id in await _some_bots(campaign, "paused"):
        at = now()
        async with campaign.house.database.transaction() as tx:
            await start_bot(tx, bot_id, by="prove")
        campaign.stops = [
            Stop(s.at, s.bot_id, at) if s.bot_id == bot_id and s.until is None else s
            for s in campaign.stops
        ]


def lies(kind: str, where: str = ORDER, *, most: int = 5, **details: object) -> Fault:
    """Let the exchange do this to the next few requests of a kind."""

    async def tell(campaign: Campaign) -> None:
        times = campaign.dice.randint(1, most)
        await campaign.house.control(
            "POST", "faults", kind=kind, where=where, times=times, **details
        )

    return tell


def refusing(answer: tuple[int, int], where: str = ORDER, *, most: int = 10) -> Fault:
    """Let the exchange refuse the next few requests of a kind."""
    return lies("refuse", where, most=most, status=answer[0], code=answer[1], msg="prove")


async def ban(campaign: Campaign) -> None:
    """Ban our address for some seconds (row 19)."""
    await campaign.house.control("POST", "bans", address="127.0.0.1", seconds=3)


async def skew(campaign: Campaign) -> None:
    """Let the exchange's clock and ours differ for some seconds (row 27)."""
    ms = campaign.dice.choice((-5000, 5000))
    await campaign.house.control("POST", "skew", ms=ms)
    await asyncio.sleep(3)
    await campaign.house.control("POST", "skew", ms=0)


FAULTS: dict[str, Fault] = {
    "worker killed": kill_worker,
    "worker told to end": deploy_worker,
    "Redis flushed": flush_redis,
    "Redis away": shut_redis,
    "PostgreSQL backend killed": kill_backend,
    "commit reply lost": lose_commits,
    "exchange connections cut": cut_exchange,
    "order placed, answer lost": lies("lose"),
    "order placed, answer never comes": lies("hang", seconds=12.0, most=2),
    "order placed, answer cut short": lies("truncate"),
    "order placed, answer unreadable": lies("garble"),
    "order placed, answer 500": lies("fail", status=500, code=-1000, msg="prove"),
    "connection reset before the order": lies("reset"),
    "order 4.9 s late": lies("latency", seconds=4.9, most=2),
    "exchange overloaded": refusing(OVERLOADED),
    "429 for an order": refusing(TOO_MANY, most=2),
    "query blind": refusing(OVERLOADED, QUERY),
    "no prices": refusing(INTERNAL, TICKERS),
    "order filled in part": lies("partial", share="0.5"),
    "address banned": ban,
    "clocks differ": skew,
    "key revoked": revoke_key,
    "money spent by hand": spend_by_hand,
    "bots paused": pause_some,
    "bots resumed": resume_some,
    "everything stopped": stop_everything,
    "account taken away": remove_account,
}
RARE = {"key revoked", "account taken away", "address banned"}
"""They cost bots for the rest of the run, so they come seldom."""


async def disturb(campaign: Campaign, seconds: float) -> None:
    """Break something every second or so, each kind at least once, for so long."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    first = list(FAULTS)
    campaign.dice.shuffle(first)
    usual = [name for name in FAULTS if name not in RARE]
    while loop.time() < end:
        name = first.pop() if first else campaign.dice.choice(usual)
        # What it breaks may be broken already: then it has not fired.
        with suppress(Exception):
            await FAULTS[name](campaign)
            campaign.fired[name] += 1
        await asyncio.sleep(campaign.dice.uniform(0.3, 1.2))


async def heal(campaign: Campaign) -> None:
    """Put everything right again."""
    house = campaign.house
    for door in house.doors.values():
        door.is_open = True
        door.answers.set()
    await house.control("DELETE", "faults")
    await house.control("POST", "skew", ms=0)
    await house.control("POST", "bans", address="127.0.0.1", seconds=0)
