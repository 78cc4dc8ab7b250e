"""Did every promise hold? Judged by the exchange's own journal, beside the ledger.

The invariants have the numbers of `docs/promises.md`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text

from nexus.bots.models import Holding, RestingStop
from nexus.exchanges.models import ApiKey, ExchangeAccount
from nexus.execution.models import FillRow, OrderRow
from nexus.fanout.models import PlanRow
from nexus.regime.models import VerdictRow
from nexus.strategy.models import DecisionRow
from prove.campaign import Campaign, Fire, Stop
from prove.evidence import moment, unseen, what_fired
from prove.judge_stops import (
    MET,
    PLACED,
    count_stops,
    forbidden,
    left_behind,
    not_adopted,
    two_at_once,
    unsettled,
)
from prove.kinds import FULL_SECONDS
from prove.secrets import find_secrets

PREFIX = "nx-"
AFTER_STOP = timedelta(seconds=1)
"""What was claimed before a stop may still arrive so much later."""
LATEST = timedelta(seconds=30)
"""Later than this no copy of a request can start."""
PAGE = 10_000


@dataclass(frozen=True)
class Evidence:
    """The journal and the ledger, as they stand in the end."""

    accepted: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    orders: dict[str, OrderRow]
    plans: dict[int, PlanRow]
    uids: dict[int, int]
    """The exchange's own number of each account of ours."""
    filled: dict[int, Decimal]
    blocked: set[int]
    """Decisions that the gate blocked."""
    mute: set[int]
    """Accounts of ours whose key the exchange no longer takes."""
    stops: dict[str, RestingStop] = field(default_factory=dict)
    """Stops that rest or did, by client id."""
    journal: list[dict[str, Any]] = field(default_factory=list)
    """Everything the exchange accepted or did by itself, in its order."""


@dataclass
class Verdicts:
    """What was found, invariant by invariant; a violation is a sentence."""

    counts: dict[str, int]
    fires: list[Fire]
    evidence: Evidence
    violations: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def hold(self) -> bool:
        return not any(self.violations.values())


async def judge(campaign: Campaign) -> Verdicts:
    """Compare what the exchange did with what we promised."""
    evidence = await _gather(campaign)
    named: list[tuple[str, int]] = [
        *((name, stop.account_id) for name, stop in evidence.stops.items()),
        *((name, order.account_id) for name, order in evidence.orders.items()),
    ]
    owners = {name: evidence.uids[account_id] for name, account_id in named}
    counts = _count(evidence, campaign.stops)
    counts["left at the stop price"] = await _left_at_stops(campaign)
    fires = await what_fired(campaign, evidence.rejected, owners, evidence.uids)
    verdicts = Verdicts(counts, fires=fires, evidence=evidence)
    found = verdicts.violations
    found["I1 one accepted order per plan"] = _doubled(evidence)
    found["I2 every order of ours is in the ledger"] = _orphans(evidence)
    found["I3 venue, ledger and fills agree"] = _differences(evidence)
    journal, stops, mute = evidence.journal, evidence.stops, evidence.mute
    found["I3 venue, ledger and fills agree"] += not_adopted(journal, evidence.orders, stops, mute)
    found["I4 nothing after a stop"] = _after_stops(evidence, campaign.stops)
    found["I4 nothing after a stop"] += forbidden(journal, stops, campaign.stops)
    found["I5 every plan ends"] = _unfinished(evidence) + unsettled(stops, mute)
    found["I6 no order against the gate"] = _against_the_gate(evidence)
    found["I7 each order on its owner's account"] = _strangers(evidence)
    found["I8 no secret in logs, database or queue"] = await find_secrets(campaign.house)
    found["I9 holdings are the sum of fills"] = await _unbalanced(campaign)
    found["I11 one decision per candle"] = await _decided_twice(campaign)
    found["I12 no limit of the exchange broken"] = await _limits(campaign)
    if campaign.seconds >= FULL_SECONDS:
        found["I13 every fault fired"] = unseen(fires)
    found["I14 one stop a bot, and none without it"] = [
        *two_at_once(journal, stops), *left_behind(journal, stops, mute),
    ]  # fmt: skip
    return verdicts


async def _left_at_stops(campaign: Campaign) -> int:
    """Count the decisions that the stop price brought, so that a run shows it was at work."""
    left = select(func.count()).where(
        DecisionRow.action == "exit", DecisionRow.inputs.has_key("stop_price")
    )
    async with campaign.house.database.transaction() as tx:
        return await tx.scalar(left) or 0


def _count(evidence: Evidence, stops: Sequence[Stop]) -> dict[str, int]:
    counts = Counter(order.status for order in evidence.orders.values())
    return {
        "plans wanted": sum(plan.attempt > 0 for plan in evidence.plans.values()),
        "plans": len(evidence.plans),
        "orders sent": len(evidence.orders),
        "accepted": len(evidence.accepted),
        "duplicates": len(_doubled(evidence)),
        "orphans": len(_orphans(evidence)),
        "after a stop": len(_after_stops(evidence, stops)),
        "on the way at a stop": _on_the_way(evidence, stops),
        **count_stops(evidence.journal, evidence.stops),
        **{f"orders {status.lower()}": number for status, number in sorted(counts.items())},
    }


async def _gather(campaign: Campaign) -> Evidence:
    house = campaign.house
    tried: list[dict[str, Any]] = []
    journal: list[dict[str, Any]] = []
    seen = 0
    while page := await house.control("GET", f"journal?after={seen}&limit={PAGE}"):
        seen = page[-1]["seq"]
        tried += [entry for entry in page if entry["endpoint"] == PLACED]
        journal += [entry for entry in page if entry["outcome"] != "rejected"]
    async with house.database.transaction() as tx:
        orders = {row.client_order_id: row for row in await tx.scalars(select(OrderRow))}
        stops = {row.client_order_id: row for row in await tx.scalars(select(RestingStop))}
        plans = {row.id: row for row in await tx.scalars(select(PlanRow))}
        filled = await tx.execute(
            select(FillRow.order_id, func.sum(FillRow.quantity)).group_by(FillRow.order_id)
        )
        blocked = await tx.scalars(select(VerdictRow.decision_id).where(VerdictRow.blocked))
        lost = await tx.scalars(
            select(ExchangeAccount.id).where(ExchangeAccount.status != "active")
        )
        uids = await _uids(campaign)
        revoked = {account_id for account_id, uid in uids.items() if uid in campaign.revoked}
        return Evidence(
            accepted=[entry for entry in tried if entry["outcome"] == "accepted"],
            rejected=[entry for entry in tried if entry["outcome"] == "rejected"],
            orders=orders,
            plans=plans,
            uids=uids,
            filled=dict(filled.all()),
            blocked=set(blocked),
            mute=set(lost) | revoked,
            stops=stops,
            journal=journal,
        )


async def _uids(campaign: Campaign) -> dict[int, int]:
    """Match our accounts with the exchange's by the ends of their keys."""
    uid_of = {key["key"][-4:]: key["uid"] for key in await campaign.house.control("GET", "keys")}
    async with campaign.house.database.transaction() as tx:
        rows = await tx.execute(
            select(ExchangeAccount.id, ApiKey.last4).join(
                ApiKey, ApiKey.account_id == ExchangeAccount.id
            )
        )
        return {account_id: uid_of[last4] for account_id, last4 in rows}


def _doubled(evidence: Evidence) -> list[str]:
    per_plan = Counter(
        evidence.orders[entry["client_id"]].plan_id
        for entry in evidence.accepted
        if entry["client_id"] in evidence.orders
    )
    return [f"plan {plan}: {count} accepted" for plan, count in per_plan.items() if count > 1]


def _orphans(evidence: Evidence) -> list[str]:
    return [
        f"{entry['client_id']} is not in the ledger"
        for entry in evidence.accepted
        if entry["client_id"].startswith(PREFIX)
        and entry["client_id"] not in evidence.orders
        and entry["client_id"] not in evidence.stops
    ]


def _differences(evidence: Evidence) -> list[str]:
    by_venue: dict[str, Decimal] = defaultdict(Decimal)
    for entry in evidence.accepted:
        by_venue[entry["client_id"]] += sum(
            (Decimal(fill["qty"]) for fill in entry["fills"] or ()), Decimal(0)
        )
    for entry in evidence.journal:
        if entry["endpoint"] == MET:
            by_venue[entry["client_id"]] += sum(
                (Decimal(fill["qty"]) for fill in entry["fills"] or ()), Decimal(0)
            )
    found = []
    for client_id, order in evidence.orders.items():
        if order.status == "UNKNOWN" and order.account_id in evidence.mute:
            continue  # What became of it cannot be asked any more, and the ledger says so.
        sums = {
            "venue": by_venue[client_id],
            "ledger": order.executed_quantity,
            "fills": evidence.filled.get(order.id, Decimal(0)),
        }
        if len(set(sums.values())) > 1:
            found.append(f"{client_id} ({order.status}): {sums}")
    return found


def _after_stops(evidence: Evidence, stops: Sequence[Stop]) -> list[str]:
    """Find accepted orders that were claimed after a stop had been committed.

    Exits go on while a bot is only paused; nothing goes on while everything is stopped.
    """
    return [
        f"{entry['client_id']} at {moment(entry['at'])}, stopped at {stop.at}"
        for entry, order in _accepted(evidence)
        for stop in stops
        if stop.forbids(order.id, order.bot_id, order.side)
    ]


def _on_the_way(evidence: Evidence, stops: Sequence[Stop]) -> int:
    """Count what had been claimed before a stop and was accepted over a second after it."""
    return sum(
        order.id <= stop.after_order
        and stop.bot_id in (None, order.bot_id)
        and stop.at + AFTER_STOP < moment(entry["at"]) < stop.at + LATEST
        for entry, order in _accepted(evidence)
        for stop in stops
    )


def _accepted(evidence: Evidence) -> Iterator[tuple[dict[str, Any], OrderRow]]:
    """Give the orders that were sent at once; those of stops are claimed by other numbers."""
    for entry in evidence.accepted:
        order = evidence.orders.get(entry["client_id"])
        if order is not None and entry["client_id"] not in evidence.stops:
            yield entry, order


def _unfinished(evidence: Evidence) -> list[str]:
    """Find plans that have not ended, but for those whose order is still being asked about.

    Nobody can ask with a key that the exchange has revoked: such an order stays UNKNOWN.
    """
    asked = {
        order.plan_id
        for order in evidence.orders.values()
        if order.status == "UNKNOWN" and (order.checks or order.account_id in evidence.mute)
    }
    ours = {uid: account_id for account_id, uid in evidence.uids.items()}
    accepted = {
        entry["client_id"]
        for entry in evidence.accepted
        if ours[entry["account"]] not in evidence.mute
    }
    open_plans = [
        f"plan {plan.id} is {plan.status}"
        for plan in evidence.plans.values()
        if plan.status in ("PLANNED", "ORDERED") and plan.id not in asked
    ]
    unseen = [
        f"{client_id} was accepted and is {order.status}"
        for client_id, order in evidence.orders.items()
        if order.status in ("SENDING", "UNKNOWN", "NOT_PLACED") and client_id in accepted
    ]
    return open_plans + unseen


def _against_the_gate(evidence: Evidence) -> list[str]:
    return [
        f"plan {plan.id} follows a blocked decision"
        for plan in evidence.plans.values()
        if plan.decision_id in evidence.blocked
    ]


def _strangers(evidence: Evidence) -> list[str]:
    found = []
    for entry in evidence.accepted:
        name = entry["client_id"]
        order = evidence.orders.get(name) or evidence.stops.get(name)
        if order is not None and evidence.uids[order.account_id] != entry["account"]:
            found.append(f"{entry['client_id']} went to account {entry['account']}")
    return found


async def _unbalanced(campaign: Campaign) -> list[str]:
    """Add up each bot's fills, fees in the base asset taken off, and compare what it holds."""
    base = func.split_part(FillRow.symbol, "/", 1)
    async with campaign.house.database.transaction() as tx:
        sums: dict[int, Decimal] = defaultdict(Decimal)
        rows = await tx.execute(
            select(
                FillRow.bot_id, FillRow.side, FillRow.quantity, FillRow.fee, FillRow.fee_asset, base
            )
        )
        for bot_id, side, quantity, fee, fee_asset, asset in rows:
            sums[bot_id] += (quantity if side == "buy" else -quantity) - fee * (fee_asset == asset)
        held = dict((await tx.execute(select(Holding.bot_id, Holding.quantity))).all())
    return [
        f"bot {bot_id} holds {held.get(bot_id)}, its fills make {total}"
        for bot_id, total in sums.items()
        if held.get(bot_id, Decimal(0)) != total
    ]


async def _decided_twice(campaign: Campaign) -> list[str]:
    query = (
        "SELECT strategy, symbol, candle FROM decisions"
        " GROUP BY strategy, symbol, candle HAVING count(*) > 1"
    )
    async with campaign.house.database.transaction() as tx:
        return [str(tuple(row)) for row in await tx.execute(text(query))]


async def _limits(campaign: Campaign) -> list[str]:
    """Find refusals for asking too much, and bans, that we were not given on purpose.

    Those that a fault makes are answered before anything is counted.
    """
    stats = await campaign.house.control("GET", "stats")
    door = await campaign.house.control("GET", "door")
    bans = sum(entry["event"] == "banned" for entry in door) - campaign.house.bans
    found = [f"{stats['answered_429']} answers 429"] if stats.get("answered_429") else []
    return found + ([f"{bans} bans"] if bans > 0 else [])
