"""In which order do things go wrong? Chosen by the dice, until each kind has been seen."""

import asyncio

import structlog

from nexus.core.clock import now
from prove.break_exchange import LIES, tell
from prove.break_servers import kill_worker
from prove.campaign import Campaign, Fire
from prove.evidence import not_yet_seen
from prove.kinds import BREAKS, FAULTS, FULL_SECONDS, POINTS, RARE

log = structlog.get_logger()

OVERTIME_SECONDS = 180.0
"""How much longer a whole run may take to bring about the kinds that have not been seen."""
RARE_TIMES = 6
"""How often a kind that costs bots is ordered in vain."""
LOOK_EVERY = 5
"""How many faults go by between two looks at what has been seen: a look reads whole records."""


async def disturb(campaign: Campaign, seconds: float) -> None:
    """Break something every second or so, for so long: each kind once, then what is still unseen.

    Every other fault is then any of the usual ones, so that a kind that will not come about does
    not make the run a dull one. In the overtime only what is unseen is ordered.
    """
    loop = asyncio.get_running_loop()
    end, campaign.seconds = loop.time() + seconds, seconds
    overtime = OVERTIME_SECONDS if seconds >= FULL_SECONDS else 0.0
    first, missing = list(FAULTS), list[str]()
    campaign.dice.shuffle(first)
    usual = [name for name in FAULTS if name not in RARE]
    while loop.time() < end + overtime:
        late = loop.time() >= end
        if not first and (late or campaign.ordered.total() % LOOK_EVERY == 0):
            missing = await _worth_ordering(campaign)
        if late and not first and not missing:
            break
        if first:
            name = first.pop()
        elif missing and (late or campaign.dice.random() < 0.5):
            name = campaign.dice.choice(missing)
        else:
            name = campaign.dice.choice(usual)
        await _break(campaign, name)
        await asyncio.sleep(campaign.dice.uniform(0.3, 1.2))


async def _worth_ordering(campaign: Campaign) -> list[str]:
    unseen = await not_yet_seen(campaign)
    return [n for n in unseen if n not in RARE or campaign.ordered[n] < RARE_TIMES]


async def _break(campaign: Campaign, name: str) -> None:
    """Break one thing; what it breaks may be broken already: then it has not happened."""
    campaign.ordered[name] += 1
    seen = False
    try:
        if name in LIES:
            await tell(campaign, name)
        elif name in BREAKS:
            seen = await BREAKS[name](campaign)
        else:
            await _end_a_life_at(campaign, name)
    except Exception as error:  # noqa: BLE001  whatever it is, the next fault must come
        log.info("fault_failed", fault=name, error=repr(error)[:200])
    if seen:
        campaign.fires.append(Fire(name, now()))


async def _end_a_life_at(campaign: Campaign, name: str) -> None:
    """Let the next worker that starts end at a point, and make room for it."""
    point = next(point for point, called in POINTS.items() if called == name)
    campaign.house.next_plans.append(f"{point}=0.5")
    await kill_worker(campaign)


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
