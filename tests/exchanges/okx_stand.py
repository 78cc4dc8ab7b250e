"""A tiny OKX over real HTTP, with the venue's own documented shapes and its own way of refusing.

It knows what our adapter asks and nothing else. What it proves is that our border bears a venue
that differs; that OKX itself behaves so, only OKX can prove.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from aiohttp import web

from nexus.core.clock import now, to_ms

LAST = Decimal("80000.1")
TAKER = Decimal("0.001")
MINIMUM, LOT = Decimal("0.00001"), Decimal("0.00000001")
CLIENT_ID_LENGTH = 32
OLDEST_REQUEST_MS = 30_000

Json = dict[str, Any]


def good(*rows: Json) -> web.Response:
    return web.json_response({"code": "0", "msg": "", "data": list(rows)})


def refused(code: int, message: str, status: int = 200) -> web.Response:
    return web.json_response({"code": str(code), "msg": message, "data": []}, status=status)


def not_taken(code: int, message: str, client_id: str = "") -> web.Response:
    """Refuse an order: the request is answered with 200, and the row says why."""
    row = {"clOrdId": client_id, "ordId": "", "sCode": str(code), "sMsg": message, "tag": ""}
    return web.json_response({"code": "1", "msg": "All operations failed", "data": [row]})


@dataclass
class Holder:
    """One customer: a key of three parts, what he holds, and his orders by client id."""

    key: str
    secret: str
    passphrase: str
    free: dict[str, Decimal] = field(default_factory=lambda: {"USDT": Decimal(10_000)})
    orders: dict[str, Json] = field(default_factory=dict)
    fills: list[Json] = field(default_factory=list)
    rights: str = "read_only,trade"
    addresses: str = "203.0.113.7"


@dataclass
class OkxStand:
    """The venue: its customers, what it was asked, and what a test wants it to say instead."""

    holders: list[Holder]
    url: str = ""
    asked: list[tuple[str, Json, Mapping[str, str]]] = field(default_factory=list)
    says: dict[str, Callable[[], web.StreamResponse]] = field(default_factory=dict)
    stands_at_ms: int = 0
    """Where its clock has been stopped; 0 lets it run."""

    @property
    def time_ms(self) -> int:
        return self.stands_at_ms or to_ms(now())

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        body = await request.text()
        name = f"{request.method} {request.path.removeprefix('/api/v5/')}"
        params = json.loads(body) if body else dict(request.query)
        self.asked.append((name, params, request.headers))
        if name in self.says:
            return self.says[name]()
        if name in PUBLIC:
            return PUBLIC[name](self)
        holder = self._owner(request, body)
        return holder if isinstance(holder, web.Response) else PRIVATE[name](self, holder, params)

    def requests(self, name: str) -> list[tuple[Json, Mapping[str, str]]]:
        """Give the parameters and headers of every request of one kind."""
        return [(params, headers) for asked, params, headers in self.asked if asked == name]

    def _owner(self, request: web.BaseRequest, body: str) -> Holder | web.Response:
        """Find whose key it is and check the signature, as OKX documents it."""
        told = request.headers
        holder = next((h for h in self.holders if h.key == told["OK-ACCESS-KEY"]), None)
        if holder is None:
            return refused(50111, "Invalid OK-ACCESS-KEY", 401)
        if told["OK-ACCESS-PASSPHRASE"] != holder.passphrase:
            return refused(50105, "Request header OK-ACCESS-PASSPHRASE incorrect", 401)
        stamp = told["OK-ACCESS-TIMESTAMP"]
        message = f"{stamp}{request.method}{request.raw_path}{body}".encode()
        digest = hmac.digest(holder.secret.encode(), message, hashlib.sha256)
        if base64.b64encode(digest).decode() != told["OK-ACCESS-SIGN"]:
            return refused(50113, "Invalid signature", 401)
        at = to_ms(datetime.fromisoformat(stamp))
        if abs(self.time_ms - at) > OLDEST_REQUEST_MS:
            return refused(50102, "Timestamp request expired", 401)
        if self.time_ms > int(told.get("expTime", self.time_ms)):
            return refused(51149, "Order timed out. Please try again later.")
        return holder


def public_time(stand: OkxStand) -> web.Response:
    return good({"ts": str(stand.time_ms)})


def instruments(_stand: OkxStand) -> web.Response:
    return good(
        *(
            {
                "alias": "", "baseCcy": base, "category": "1", "instId": f"{base}-USDT",
                "instType": "SPOT", "lever": "10", "listTime": "1548133413000",
                "lotSz": f"{LOT:f}", "minSz": f"{MINIMUM:f}", "maxMktSz": "1000000",
                "quoteCcy": "USDT", "state": "live", "tickSz": "0.1", "uly": "",
            }
            for base in ("BTC", "ETH")
        )
    )  # fmt: skip


def tickers(stand: OkxStand) -> web.Response:
    row = {
        "instType": "SPOT", "instId": "BTC-USDT", "last": str(LAST), "lastSz": "0.04",
        "askPx": "80000.2", "bidPx": "80000.1", "open24h": "79000", "high24h": "81000",
        "low24h": "78000", "volCcy24h": "900000000.5", "vol24h": "11250",
        "ts": str(stand.time_ms),
    }  # fmt: skip
    return good(row)


def balance(_stand: OkxStand, holder: Holder, _params: Json) -> web.Response:
    details = [
        {"ccy": asset, "availBal": f"{free:f}", "availEq": "", "cashBal": f"{free:f}"}
        for asset, free in holder.free.items()
    ]
    return good({"adjEq": "", "details": details, "totalEq": "10000", "uTime": "1621556553510"})


def config(_stand: OkxStand, holder: Holder, _params: Json) -> web.Response:
    return good({"acctLv": "1", "perm": holder.rights, "ip": holder.addresses, "uid": "44"})


def fee_rates(_stand: OkxStand, _holder: Holder, _params: Json) -> web.Response:
    return good(
        {"category": "1", "instType": "SPOT", "level": "Lv1", "maker": "-0.0008",
         "taker": f"-{TAKER}", "ts": "1639043138472"}
    )  # fmt: skip


def new_order(stand: OkxStand, holder: Holder, params: Json) -> web.Response:
    """Take a market order in base units and fill it in two trades."""
    client_id, size = params["clOrdId"], Decimal(params["sz"])
    if not (client_id.isalnum() and len(client_id) <= CLIENT_ID_LENGTH):
        return not_taken(51000, "Parameter clOrdId error", client_id)
    if client_id in holder.orders:
        return not_taken(51016, "Client order ID already exists", client_id)
    if size < MINIMUM:
        return not_taken(51020, "Your order should meet or exceed the minimum order amount")
    if size % LOT:
        return not_taken(51121, "Order quantity must be a multiple of the lot size", client_id)
    assert (params["tdMode"], params["ordType"], params["tgtCcy"]) == ("cash", "market", "base_ccy")
    base, quote = params["instId"].split("-")
    gives, takes = {"buy": ((quote, size * LAST), (base, size)),
                    "sell": ((base, size), (quote, size * LAST))}[params["side"]]  # fmt: skip
    if holder.free.get(gives[0], Decimal(0)) < gives[1]:
        return not_taken(51008, f"Order failed. Insufficient {gives[0]} balance in account")
    holder.free[gives[0]] -= gives[1]
    holder.free[takes[0]] = holder.free.get(takes[0], Decimal(0)) + takes[1] * (1 - TAKER)
    number = str(312269865356374016 + len(stand.asked))
    holder.orders[client_id] = {
        "accFillSz": f"{size:f}", "avgPx": str(LAST), "clOrdId": client_id, "feeCcy": takes[0],
        "fee": f"-{takes[1] * TAKER:f}", "instId": params["instId"], "instType": "SPOT",
        "ordId": number, "ordType": "market", "side": params["side"], "state": "filled",
        "sz": f"{size:f}", "tdMode": "cash", "cTime": str(stand.time_ms),
    }  # fmt: skip
    first = (size / 2).quantize(LOT)
    for part in filter(None, (first, size - first)):
        share = part if params["side"] == "buy" else part * LAST
        holder.fills.append(
            {"side": params["side"], "fillSz": f"{part:f}", "fillPx": str(LAST), "ordId": number,
             "fee": f"-{share * TAKER:f}", "feeCcy": takes[0], "instId": params["instId"],
             "tradeId": str(107601752 + len(holder.fills)), "execType": "T",
             "ts": str(stand.time_ms)}
        )  # fmt: skip
    row = {"clOrdId": client_id, "ordId": number, "tag": "", "sCode": "0", "sMsg": ""}
    return good(row)


def query_order(_stand: OkxStand, holder: Holder, params: Json) -> web.Response:
    found = holder.orders.get(params["clOrdId"])
    return refused(51603, "Order does not exist") if found is None else good(found)


def fills(_stand: OkxStand, holder: Holder, params: Json) -> web.Response:
    return good(*(one for one in holder.fills if one["ordId"] == params["ordId"]))


PUBLIC = {
    "GET public/time": public_time,
    "GET public/instruments": instruments,
    "GET market/tickers": tickers,
}
PRIVATE = {
    "GET account/balance": balance,
    "GET account/config": config,
    "GET account/trade-fee": fee_rates,
    "POST trade/order": new_order,
    "GET trade/order": query_order,
    "GET trade/fills": fills,
}


@asynccontextmanager
async def open_okx() -> AsyncIterator[OkxStand]:
    """Lend the venue on a free port, with two customers."""
    holders = [Holder(f"{name}-key", f"{name}-secret", f"{name}-pass") for name in ("alice", "bob")]
    stand = OkxStand(holders)
    runner = web.ServerRunner(web.Server(stand.answer, access_log=None), shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stand
    finally:
        await runner.cleanup()
