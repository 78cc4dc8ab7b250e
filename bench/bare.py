"""How fast could anybody send these orders? One session, a signature, a request, and no more.

It keeps no record, no budget and no promise: what no design can beat.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Sequence
from urllib.parse import urlencode

import aiohttp

from nexus.exchanges.vault import KeyPair

ACCEPTED = 200


async def send_bare(
    url: str, keys: Sequence[KeyPair], side: str, quantity: str, concurrency: int
) -> tuple[float, list[float]]:
    """Send a market order for every key; gives the seconds, and each order's own."""
    turns = asyncio.Semaphore(concurrency)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def send(number: int, key: KeyPair) -> float:
            async with turns:
                began = time.perf_counter()
                body = _signed(key, side, quantity, f"bare-{side}-{number}-{time.time_ns()}")
                headers = {
                    "X-MBX-APIKEY": key.key,
                    "Content-Type": "application/x-www-form-urlencoded",
                }
                async with session.post(
                    f"{url}/api/v3/order", data=body, headers=headers
                ) as answer:
                    told = await answer.text()
                    if answer.status != ACCEPTED:
                        raise RuntimeError(f"The bare loop's order was refused: {told}")
                return time.perf_counter() - began

        started = time.perf_counter()
        each = await asyncio.gather(*(send(number, key) for number, key in enumerate(keys)))
        return time.perf_counter() - started, each


def _signed(key: KeyPair, side: str, quantity: str, client_id: str) -> str:
    text = urlencode(
        {
            "symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": quantity,
            "newClientOrderId": client_id[:36], "newOrderRespType": "FULL", "recvWindow": 60_000,
            "timestamp": time.time_ns() // 1_000_000,
        }
    )  # fmt: skip
    signature = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{text}&signature={signature}"
