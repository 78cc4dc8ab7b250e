"""What does one WebSocket connection know: who logged on, what was subscribed, what is to be sent?

Nothing here waits for the network: messages are put in line, and `websocket.py` sends them.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from nexus.simulator.answers import Json
from nexus.simulator.keys import ApiKey

# Whoever reads so slowly that this many messages wait is cut off, as at any exchange.
LONGEST_LINE = 20_000
GOING_AWAY, POLICY = 1001, 1008


@dataclass(frozen=True, slots=True)
class Subscription:
    """One account's events on one connection. `by_session`: it ends when the session does."""

    number: int
    api_key: ApiKey
    by_session: bool


class Connection:
    """One client at the WebSocket API; `number` tells connections apart, from 1."""

    def __init__(self, number: int, address: str, opened: int, *, shows_limits: bool) -> None:
        self.number = number
        self.address = address
        self.opened = opened
        self.shows_limits = shows_limits
        self.api_key: ApiKey | None = None
        self.authorized_since: int | None = None
        self.subscriptions: dict[int, Subscription] = {}
        # The number of each account's subscription: a thousand of them share a connection.
        self._number_of: dict[int, int] = {}
        # Numbers are never used twice on a connection, so this is also how many there were.
        self.next_subscription = 0
        # What is to be sent; None tells the writer to close with `close_code`.
        self.line: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.close_code = GOING_AWAY
        self.aborted = asyncio.Event()
        self.gone = asyncio.Event()

    def send(self, message: Json) -> None:
        if self.line.qsize() >= LONGEST_LINE:
            self.abort()
            return
        self.line.put_nowait(orjson.dumps(message))

    def close(self, code: int = GOING_AWAY) -> None:
        """Close in order, after everything that is waiting in line."""
        self.close_code = code
        self.line.put_nowait(None)

    def abort(self) -> None:
        """Break off without a word, as a broken network does."""
        self.aborted.set()

    def add(self, api_key: ApiKey, *, by_session: bool) -> Subscription:
        made = Subscription(self.next_subscription, api_key, by_session)
        self.next_subscription += 1
        self.subscriptions[made.number] = made
        self._number_of[api_key.uid] = made.number
        return made

    def remove(self, subscription: Subscription) -> None:
        del self.subscriptions[subscription.number]
        del self._number_of[subscription.api_key.uid]

    def subscription_of(self, uid: int) -> Subscription | None:
        number = self._number_of.get(uid)
        return None if number is None else self.subscriptions[number]

    def subscriptions_with(self, api_key: ApiKey) -> Iterator[Subscription]:
        return (one for one in list(self.subscriptions.values()) if one.api_key is api_key)
