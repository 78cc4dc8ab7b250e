"""A tiny Binance that answers an order with exactly the bytes a test wants, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from nexus.core.clock import now, to_ms

RESET = b"reset"
HANG = b"hang"
CLOSE = b"close"


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> bytes:
    """Write a whole HTTP answer; text and bytes stay as they are, everything else is JSON."""
    raw = body if isinstance(body, bytes) else _encode(body)
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(raw)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def cut_off(raw: bytes, missing: int) -> bytes:
    """Leave out the last bytes of an answer whose length has been promised."""
    return raw[:-missing]


def _encode(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]


@dataclass
class Venue:
    """What it was asked, and what it says to each `METHOD /path`."""

    asked: list[Asked] = field(default_factory=list)
    says: dict[str, bytes] = field(default_factory=dict)
    url: str = ""
    ahead_ms: int = 0
    """How far its clock is ahead of ours."""
    together: asyncio.Barrier | None = None
    """When set, orders are answered only once so many are in flight."""
    in_flight: int = 0
    most_in_flight: int = 0

    def requests(self, endpoint: str) -> list[Asked]:
        """Give the requests to one `METHOD /path`."""
        return [one for one in self.asked if f"{one.method} {one.path}" == endpoint]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until somebody ends it."""
        try:
            while (asked := await _read(reader)) is not None:
                self.asked.append(asked)
                said = self._say(asked)
                if said == HANG:
                    await reader.read()
                if said == RESET:
                    writer.transport.abort()
                if said in {HANG, RESET, CLOSE}:
                    return
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                if self.together and asked.method == "POST":
                    await self.together.wait()
                self.in_flight -= 1
                writer.write(said)
                await writer.drain()
                if _is_cut_off(said):
                    return
        except ConnectionError:
            return
        finally:
            writer.close()

    def _say(self, asked: Asked) -> bytes:
        endpoint = f"{asked.method} {asked.path}"
        if endpoint == "GET /api/v3/time" and endpoint not in self.says:
            return answer(200, {"serverTime": to_ms(now()) + self.ahead_ms})
        said = self.says.get(endpoint, answer(404, "no such page"))
        return _with_client_id(said, asked.params.get("newClientOrderId", "?"))


def _with_client_id(said: bytes, client_id: str) -> bytes:
    """Put the asked-for id where CLIENT-ID stands, and correct the promised length."""
    named = said.replace(b"CLIENT-ID", client_id.encode())
    promise, grown = _promised(said), len(named) - len(said)
    before, after = f"Length: {promise}\r", f"Length: {promise + grown}\r"
    return named.replace(before.encode(), after.encode(), 1)


def _promised(said: bytes) -> int:
    digits = said.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
    return int(digits) if digits.isdigit() else 0


def _is_cut_off(said: bytes) -> bool:
    head, end, body = said.partition(b"\r\n\r\n")
    return not end or _promised(head + end) > len(body)


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
    method, target, _ = first.split(" ")
    parts = urlsplit(target)
    told = parse_qs(parts.query) | parse_qs(body)
    return Asked(method, parts.path, {name: value[0] for name, value in told.items()}, headers)


@asynccontextmanager
async def open_venue() -> AsyncIterator[Venue]:
    """Lend a venue on a free port."""
    venue = Venue()
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            connections.add(task)
            task.add_done_callback(connections.discard)
        await venue.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    venue.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield venue
    finally:
        server.close()
        for task in tuple(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


def filled(client_id: str = "CLIENT-ID", **changes: Any) -> dict[str, Any]:
    """Give a whole answer to a market buy of 0.002 BTC, in two fills."""
    return {
        "symbol": "BTCUSDT",
        "orderId": 28,
        "orderListId": -1,
        "clientOrderId": client_id,
        "transactTime": 1507725176595,
        "origQty": "0.00200000",
        "executedQty": "0.00200000",
        "cummulativeQuoteQty": "100.00000000",
        "status": "FILLED",
        "type": "MARKET",
        "side": "BUY",
        "fills": [
            {
                "price": "50000.00000000",
                "qty": "0.00100000",
                "commission": "0.00000100",
                "commissionAsset": "BTC",
                "tradeId": number,
            }
            for number in (56, 57)
        ],
    } | changes
