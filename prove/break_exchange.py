"""How does the exchange go wrong? It records by itself what came about, under the fault's name."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import text

from prove.campaign import Campaign

ORDER, QUERY, TOLD = "POST /api/v3/order", "GET /api/v3/order", "executionReport"
CANCEL = "DELETE /api/v3/order"
TRADES, TICKERS = "GET /api/v3/myTrades", "GET /api/v3/ticker/24hr"
OVERLOADED, INTERNAL = (503, -1008), (500, -1000)
DUPLICATE, UNHEARD_OF = (400, -2010), (400, -2013)


@dataclass(frozen=True)
class Lie:
    """What the exchange does to some requests: for `lasts` seconds, or until it is used up."""

    kind: str
    where: str = ORDER
    most: int = 5
    lasts: float | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def lie(kind: str, where: str = ORDER, **details: object) -> Lie:
    """Name a lie that is used up by a few requests."""
    return Lie(kind, where, details=details)


def refuse(
    answer: tuple[int, int], where: str = ORDER, *, most: int = 10, msg: str = "prove"
) -> Lie:
    """Name a refusal before anything has happened."""
    return Lie("refuse", where, most, details={"status": answer[0], "code": answer[1], "msg": msg})


LIES: Mapping[str, Lie] = {
    "order placed, answer lost (14)": lie("lose"),
    "order placed, answer never comes (14)": Lie("hang", most=2, details={"seconds": 12.0}),
    "connection reset before the order (15)": lie("reset"),
    "order 4.9 s late (16)": Lie("latency", most=2, details={"seconds": 4.9}),
    "query blind for 2 s (17)": Lie(
        "refuse", QUERY, 200, 2.0,
        {"status": 400, "code": UNHEARD_OF[1], "msg": "Order does not exist."},
    ),
    "429 for an order (18)": Lie(
        "refuse", ORDER, 2, details={"status": 429, "code": -1003, "msg": "prove", "seconds": 2}
    ),
    "30 % of orders answered 5xx for 3 s (20)": Lie(
        "refuse", ORDER, 200, 3.0, {"status": 500, "code": -1000, "msg": "prove", "every": 3}
    ),
    "order placed, answer 500 (20)": lie("fail", status=500, code=-1000, msg="prove"),
    "exchange overloaded (20)": refuse(OVERLOADED),
    "answer is HTML (21)": lie("babble", body="html"),
    "answer is empty (21)": lie("babble", body="empty"),
    "answer is huge (21)": Lie("babble", most=2, details={"body": "huge"}),
    "answer cut short (21)": lie("truncate"),
    "answer is half (21)": lie("garble"),
    "order status unknown (21)": lie("babble", body="unknown_status"),
    "duplicate order sent, it exists (22)": lie(
        "fail", status=DUPLICATE[0], code=DUPLICATE[1], msg="Duplicate order sent."
    ),
    "order filled in part, rest cancelled (23)": lie("partial", share="0.5"),
    "fills told twice, out of order (24)": lie("babble", TRADES, body="twice"),
    "execution not told (24)": Lie("drop_event", TOLD, most=3),
    "execution told twice (24)": lie("duplicate_event", TOLD),
    "execution told 2 s late (24)": lie("delay_event", TOLD, seconds=2.0),
    "query overloaded": refuse(OVERLOADED, QUERY),
    "stop cancelled, answer lost": lie("lose", CANCEL),
    "cancel of a stop answered 500": refuse(INTERNAL, CANCEL),
    "no prices (32)": refuse(INTERNAL, TICKERS),
}  # fmt: skip
"""By what the record calls them; the numbers are the rows of the table in docs/promises.md."""
IN_USE = """
    SELECT DISTINCT k.last4 FROM api_keys k JOIN exchange_accounts a ON a.id = k.account_id
    JOIN bots b ON b.account_id = a.id
    WHERE a.status = 'active' AND b.status = 'running' AND NOT EXISTS
        (SELECT FROM orders o WHERE o.bot_id = b.id AND o.status IN ('SENDING', 'UNKNOWN'))
"""
"""The keys for which an order may be sent at any moment."""


async def tell(campaign: Campaign, name: str) -> bool:
    """Let the exchange do this to the next few requests; False when there was none in time."""
    chosen, control = LIES[name], campaign.house.control
    times = chosen.most if chosen.lasts else campaign.dice.randint(1, chosen.most)
    fault = {"kind": chosen.kind, "where": chosen.where, "times": times, "label": name}
    await control("POST", "faults", **fault, **chosen.details)
    if chosen.lasts:
        await asyncio.sleep(chosen.lasts)
        await control("DELETE", "faults", label=name)
        return any(entry.get("label") == name for entry in await control("GET", "door"))
    return True


async def ban(campaign: Campaign) -> bool:
    """Ban our address for some seconds (row 19); seen when somebody was answered 418."""
    before = await _answered(campaign, 418)
    await campaign.house.control("POST", "bans", address="127.0.0.1", seconds=3)
    campaign.house.bans += 1
    await asyncio.sleep(3)
    return await _answered(campaign, 418) > before


async def _answered(campaign: Campaign, status: int) -> int:
    stats = await campaign.house.control("GET", "stats")
    return int(stats.get(f"answered_{status}", 0))


async def cut_streams(campaign: Campaign) -> bool:
    """Cut every connection that tells of accounts (24), with whatever it was about to tell."""
    cut = await campaign.house.control("POST", "streams/drop")
    return bool(cut["connections"])


async def skew(campaign: Campaign) -> bool:
    """Let the exchange's clock be wrong for some seconds (row 27); seen when orders were judged."""
    before = await _written(campaign)
    await campaign.house.control("POST", "skew", ms=campaign.dice.choice((-5000, 5000)))
    await asyncio.sleep(4)
    await campaign.house.control("POST", "skew", ms=0)
    return await _written(campaign) > before


async def halt(campaign: Campaign) -> bool:
    """Halt a pair for some seconds (row 25); seen when an order was refused for it."""
    return await _ruled(campaign, "Market is closed.", status="BREAK")


async def demand(campaign: Campaign) -> bool:
    """Let a pair ask for bigger orders than any of ours (row 25); seen when one was refused."""
    return await _ruled(campaign, "Filter failure: NOTIONAL", min_notional=1_000_000)


async def _ruled(campaign: Campaign, refusal: str, **rules: object) -> bool:
    before, symbol = await _written(campaign), campaign.dice.choice(("BTCUSDT", "ETHUSDT"))
    await campaign.house.control("POST", "symbols", symbol=symbol, **rules)
    await asyncio.sleep(6)
    await campaign.house.control("POST", "symbols", symbol=symbol)
    return (await refusals(campaign, before))[refusal] > 0


async def _written(campaign: Campaign) -> int:
    state = await campaign.house.control("GET", "state")
    return int(state["journal"])


async def refusals(campaign: Campaign, after: int) -> Counter[str]:
    """Count what the exchange refused orders for since an entry of its journal."""
    page = await campaign.house.control("GET", f"journal?after={after}&limit=10000")
    return Counter(entry["msg"] for entry in page if entry["outcome"] == "rejected")


async def revoke_key(campaign: Campaign) -> bool:
    """Let the exchange revoke a key in the middle of it all (row 37): one that is in use."""
    house = campaign.house
    async with house.database.transaction() as tx:
        in_use = set(await tx.scalars(text(IN_USE)))
    keys = [
        key
        for key in await house.control("GET", "keys")
        if key["uid"] not in campaign.revoked and key["key"][-4:] in in_use
    ]
    if not keys:
        return False
    chosen = campaign.dice.choice(keys)
    await house.control("POST", "keys/change", key=chosen["key"], revoked=True)
    state = await house.control("GET", "state")
    campaign.revoked[chosen["uid"]] = state["now"]
    return False  # Seen once an order was refused for it; the journal says so in the end.


async def spend_by_hand(campaign: Campaign) -> bool:
    """Let a person take their money out themselves (row 26)."""
    house = campaign.house
    uid = campaign.dice.choice(await house.control("GET", "keys"))["uid"]
    moved = await house.control("POST", "money", uid=uid, asset="USDT", delta="-50")
    return "free" in moved
