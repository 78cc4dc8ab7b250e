"""Which faults really came about, when, and how long until trading went on?

Nothing counts because it was ordered: the exchange's record, the end of a process, its own last
words, or what was seen of a server says that it happened.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from statistics import median
from typing import Any

from sqlalchemy import text

from prove.campaign import Campaign, Fire
from prove.kinds import KEY_REVOKED, KINDS, POINTS

REVOKED = -2015

TIMES = """
    WITH known AS (
        SELECT order_id, min(at) FILTER (WHERE status = 'SENDING') AS sent,
               min(at) FILTER (WHERE status NOT IN ('SENDING', 'UNKNOWN')) AS known,
               bool_or(status = 'UNKNOWN') AS unclear
        FROM order_events WHERE order_id IS NOT NULL AND plan_id NOT IN
            (SELECT id FROM execution_plans WHERE resting_stop_id IS NOT NULL)
        GROUP BY order_id)
    SELECT extract(epoch FROM known - sent) FROM known
    WHERE known IS NOT NULL AND (unclear OR known - sent > interval '20 s')
"""
"""How long the fate of each order was unclear: its answer was lost, or its worker died."""
STOPPED_FOR_KEY = "SELECT id FROM exchange_accounts WHERE status = 'key_invalid'"
KEY_REFUSED = f"SELECT EXISTS ({STOPPED_FOR_KEY})"


async def what_fired(
    campaign: Campaign,
    rejected: Sequence[dict[str, Any]],
    owners: Mapping[str, int],
    uids: Mapping[int, int],
) -> list[Fire]:
    """Gather every fault that has been seen.

    `rejected` are the journal's refusals, `owners` whose account at the exchange an order is for,
    `uids` what each account of ours is called there.
    """
    async with campaign.house.database.transaction() as tx:
        stopped = {uids[account_id] for account_id in await tx.scalars(text(STOPPED_FOR_KEY))}
    return [*await _seen(campaign), *_revoked(campaign, rejected, owners, stopped)]


async def _seen(campaign: Campaign) -> list[Fire]:
    """Gather what we saw, what the exchange wrote down, and the last words of workers."""
    door = await campaign.house.control("GET", "door")
    by_exchange = [
        Fire(entry["label"], moment(entry["at"])) for entry in door if entry.get("label")
    ]
    by_point = [Fire(POINTS[point], at) for point, at in campaign.house.deaths]
    return [*campaign.fires, *by_exchange, *by_point]


def _revoked(
    campaign: Campaign,
    rejected: Sequence[dict[str, Any]],
    owners: Mapping[str, int],
    stopped: AbstractSet[int],
) -> list[Fire]:
    """Find the revoked keys that were refused: an order, or a question before there was one.

    The exchange does not know whom a revoked key belongs to. An order's client id says it; after
    a refused question, that we have stopped the account for its key.
    """
    first: dict[int, Fire] = {}
    for entry in rejected:
        owner = owners.get(entry["client_id"], 0)
        if entry["code"] == REVOKED and owner in campaign.revoked:
            first.setdefault(owner, Fire(KEY_REVOKED, moment(entry["at"])))
    for owner in stopped & campaign.revoked.keys():
        first.setdefault(owner, Fire(KEY_REVOKED, moment(campaign.revoked[owner])))
    return list(first.values())


async def not_yet_seen(campaign: Campaign) -> list[str]:
    """Name the kinds that have not been seen so far, while the campaign goes on."""
    seen = {fire.name for fire in await _seen(campaign)}
    async with campaign.house.database.transaction() as tx:
        if await tx.scalar(text(KEY_REFUSED)):
            seen.add(KEY_REVOKED)
    return [name for name in KINDS if name not in seen]


def unseen(fires: Sequence[Fire]) -> list[str]:
    """Name the kinds that were never seen; asked only of runs that can bring about every one."""
    seen = {fire.name for fire in fires}
    return [f"{name} never fired" for name in KINDS if name not in seen]


def resumes(fires: Sequence[Fire], accepted: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """Give for each kind of fault the seconds until the exchange next accepted an order."""
    moments = sorted(entry["at"] / 1000 for entry in accepted)
    found: dict[str, list[float]] = defaultdict(list)
    for fire in fires:
        over = fire.over.timestamp()
        place = bisect_right(moments, over)
        if place < len(moments):
            found[fire.name].append(moments[place] - over)
    return found


async def unclear_times(campaign: Campaign) -> list[float]:
    """Give the seconds that each unclear order took to be known, shortest first."""
    async with campaign.house.database.transaction() as tx:
        return sorted(float(seconds) for seconds in await tx.scalars(text(TIMES)))


def spread(seconds: Sequence[float]) -> str:
    """Say how many there were, their median, 95th percentile and the longest."""
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return (
        f"{len(ordered)}: median {median(ordered):.1f} s, p95 {high:.1f} s, max {ordered[-1]:.1f} s"
    )


def counted(fires: Sequence[Fire]) -> Counter[str]:
    """Count the faults by their kind."""
    return Counter(fire.name for fire in fires)


def moment(milliseconds: int) -> datetime:
    """Give the exchange's time as a moment."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
