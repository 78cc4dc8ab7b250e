"""How does a test speak to the simulator without any client library?"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from nexus.simulator.accounts import Account
from nexus.simulator.server import RunningSimulator


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read whole."""

    status: int
    json: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        return int(self.json["code"])

    @property
    def message(self) -> str:
        return str(self.json["msg"])


def sign(secret: str, payload: str) -> str:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


class Client:
    """One account's plain HTTP client; `account` of None asks without a key."""

    def __init__(
        self, session: aiohttp.ClientSession, running: RunningSimulator, account: Account | None
    ) -> None:
        self._session = session
        self.running = running
        self.account = account

    async def get(self, path: str, **params: object) -> Answer:
        """Ask a public endpoint."""
        return await self.raw("GET", path, urlencode(params))

    async def signed(self, method: str, path: str, **params: object) -> Answer:
        """Ask a signed endpoint, everything in the query."""
        assert self.account is not None
        query = urlencode({**params, "timestamp": self.running.exchange.now()})
        signature = sign(self.account.secret, query)
        return await self.raw(method, path, f"{query}&signature={signature}")

    async def order(self, **params: object) -> Answer:
        usual = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
        return await self.signed("POST", "/api/v3/order", **(usual | params))

    async def control(self, method: str, path: str, json: object = None) -> Answer:
        async with self._session.request(method, self.running.url + path, json=json) as answer:
            return Answer(answer.status, await answer.json(), answer.headers)

    async def raw(
        self, method: str, path: str, query: str = "", body: str = "", key: str | None = None
    ) -> Answer:
        """Send exactly these characters."""
        if key is None and self.account is not None:
            key = self.account.key
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if key is not None:
            headers["X-MBX-APIKEY"] = key
        url = self.running.url + path + (f"?{query}" if query else "")
        async with self._session.request(
            method, URL(url, encoded=True), data=body or None, headers=headers
        ) as answer:
            is_json = answer.content_type == "application/json"
            content = await answer.json() if is_json else await answer.text()
            return Answer(answer.status, content, answer.headers)
