"""What can go wrong, and in which order? Chosen by the dice, each kind at least once."""

import asyncio

import structlog

from nexus.core.clock import now
from prove.break_exchange import (
    LIES,
    ban,
    cut_streams,
    demand,
    halt,
    revoke_key,
    skew,
    spend_by_hand,
    tell,
)
from prove.break_people import pause_some, remove_account, resume_some, stop_everything
from prove.break_servers import (
    TOLD_TO_END,
    age_redis,
    cut_exchange,
    deploy_worker,
    flush_redis,
    jump_clock,
    kill_backend,
    kill_worker,
    lose_commits,
    shut_redis,
)
from prove.campaign import Campaign, Fault, Fire

log = structlog.get_logger()

KEY_REVOKED = "key revoked (37)"
BREAKS: dict[str, Fault] = {
    "worker killed at any moment (1-3, 5)": kill_worker,
    TOLD_TO_END: deploy_worker,
    "Redis flushed (6)": flush_redis,
    "Redis away (7)": shut_redis,
    "Redis back with old data (8)": age_redis,
    "PostgreSQL backend killed (9)": kill_backend,
    "commit reply lost (10)": lose_commits,
    "exchange connections cut": cut_exchange,
    "address banned (19)": ban,
    "user streams cut (24)": cut_streams,
    "filters change (25)": demand,
    "symbol halted (25)": halt,
    "money spent by hand (26)": spend_by_hand,
    "exchange's clock jumps 5 s (27)": skew,
    "a worker's clock jumps 5 s (27)": jump_clock,
    "bots paused (35)": pause_some,
    "everything stopped (35)": stop_everything,
    "account taken away (36)": remove_account,
    KEY_REVOKED: revoke_key,
    "bots resumed": resume_some,
}
FAULTS = (*BREAKS, *LIES)
LATE = {KEY_REVOKED, TOLD_TO_END}
"""They are seen only some time after they were ordered."""
RARE = {KEY_REVOKED, "account taken away (36)", "address banned (19)"}
"""They cost bots for the rest of the run, so they come seldom."""
TRIES = 4
"""How often a kind that was not seen to happen is ordered again before its turn has passed."""
FULL_SECONDS = 240.0
"""In so long a run every kind must have been seen."""


async def disturb(campaign: Campaign, seconds: float) -> None:
    """Break something every second or so, each kind at least once, for so long."""
    loop = asyncio.get_running_loop()
    end, campaign.seconds = loop.time() + seconds, seconds
    first = list(FAULTS)
    campaign.dice.shuffle(first)
    usual = [name for name in FAULTS if name not in RARE]
    while loop.time() < end:
        name = first.pop() if first else campaign.dice.choice(usual)
        seen = await _break(campaign, name)
        tries = 2 if name in LATE else TRIES
        if not seen and campaign.ordered[name] < tries:
            first.insert(0, name)
        await asyncio.sleep(campaign.dice.uniform(0.3, 1.2))


async def _break(campaign: Campaign, name: str) -> bool:
    """Break one thing; what it breaks may be broken already: then it has not happened."""
    campaign.ordered[name] += 1
    try:
        if name in LIES:
            return await tell(campaign, name)
        seen = await BREAKS[name](campaign)
    except Exception as error:  # noqa: BLE001  whatever it is, the next fault must come
        log.info("fault_failed", fault=name, error=repr(error)[:200])
        return False
    if seen:
        campaign.fires.append(Fire(name, now()))
    return seen


async def heal(campaign: Campaign) -> None:
    """Put everything right again."""
    house = campaign.house
    for door in house.doors.values():
        door.is_open = True
        door.answers.set()
        door.loses_commits = False
    for number in range(len(house.workers)):
        house.clock_of(number).write_text("0")
    await house.control("DELETE", "faults")
    await house.control("POST", "skew", ms=0)
    await house.control("POST", "bans", address="127.0.0.1", seconds=0)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        await house.control("POST", "symbols", symbol=symbol)
