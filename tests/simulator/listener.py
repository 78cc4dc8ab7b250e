"""How does a test speak to the simulator's WebSocket API without any client library?"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import aiohttp

from nexus.simulator.accounts import Account
from nexus.simulator.server import RunningSimulator
from nexus.simulator.sign import sorted_payload
from tests.simulator.client import sign

Signer = Callable[[str], str]


class Listener:
    """One connection to `/ws-api/v3`; answers and events are kept apart, in their order."""

    def __init__(self, running: RunningSimulator, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.running = running
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self._numbers = count(1)

    async def ask(self, method: str, **params: object) -> dict[str, Any]:
        """Send one request and wait for its answer; events that come first are kept."""
        number = next(self._numbers)
        await self.socket.send_json({"id": number, "method": method, "params": params})
        while (message := await self.receive()).get("id") != number:
            self.events.append(message)
        return message

    async def signed(
        self, method: str, key: str, signer: Signer, **params: object
    ) -> dict[str, Any]:
        sent = {**params, "apiKey": key, "timestamp": self.running.exchange.now()}
        payload = sorted_payload({name: str(value) for name, value in sent.items()})
        return await self.ask(method, **sent, signature=signer(payload))

    async def subscribe(self, account: Account) -> dict[str, Any]:
        return await self.signed(
            "userDataStream.subscribe.signature", account.key, by_secret(account.secret)
        )

    async def heard(self, number: int) -> list[dict[str, Any]]:
        """Wait until `number` events have come since the last time, and return them."""
        while len(self.events) < number:
            self.events.append(await self.receive())
        heard, self.events = self.events[:number], self.events[number:]
        return heard

    async def nothing_is_waiting(self) -> bool:
        """Whether no event came before the answer to a question asked now."""
        await self.ask("ping")
        return not self.events

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.socket.receive_json(timeout=5)
        return message

    async def ended(self) -> int | None:
        """Wait until the other side has closed; returns its code (1006: no goodbye)."""
        while not self.socket.closed:
            await self.socket.receive(timeout=5)
        return self.socket.close_code


def by_secret(secret: str) -> Signer:
    return lambda payload: sign(secret, payload)


@asynccontextmanager
async def listen(
    running: RunningSimulator, query: str = "", address: str | None = None
) -> AsyncIterator[Listener]:
    """Lend a connection, from another address of this machine when one is given."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0) if address else None)
    async with aiohttp.ClientSession(connector=connector) as session:
        url = running.url.replace("http", "ws") + "/ws-api/v3" + query
        async with session.ws_connect(url) as socket:
            yield Listener(running, socket)
