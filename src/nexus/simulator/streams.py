"""Who is connected, and who hears what happens to an account?"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from nexus.simulator.answers import Json
from nexus.simulator.connection import Connection, Subscription
from nexus.simulator.events import shutdown_event, terminated_event
from nexus.simulator.faults import DELAY_EVENT, DROP_EVENT, DUPLICATE_EVENT, EVENTS, Faults
from nexus.simulator.intervals import DAY
from nexus.simulator.keys import ApiKey
from nexus.simulator.record import Record


class Streams:
    """Every WebSocket connection and every subscription of this exchange."""

    def __init__(self, record: Record, faults: Faults) -> None:
        self.connections: dict[int, Connection] = {}
        self._record = record
        self._faults = faults
        self._heard_by: defaultdict[int, dict[int, Connection]] = defaultdict(dict)
        self._next = 1

    def open(self, address: str, now: int, *, shows_limits: bool) -> Connection:
        connection = Connection(self._next, address, now, shows_limits=shows_limits)
        self._next += 1
        self.connections[connection.number] = connection
        self._note("stream_opened", connection, now)
        return connection

    def forget(self, connection: Connection, now: int) -> None:
        """Let nobody hear through a connection that is gone."""
        for subscription in list(connection.subscriptions.values()):
            self._unsubscribe(connection, subscription)
        connection.gone.set()
        if self.connections.pop(connection.number, None):
            self._note("stream_closed", connection, now)

    def subscribe(
        self, connection: Connection, api_key: ApiKey, now: int, *, by_session: bool
    ) -> Subscription:
        subscription = connection.add(api_key, by_session=by_session)
        self._heard_by[api_key.uid][connection.number] = connection
        self._note("subscribed", connection, now, api_key.uid)
        return subscription

    def end(self, connection: Connection, subscription: Subscription, now: int) -> None:
        """Stop one subscription and say so."""
        self._unsubscribe(connection, subscription)
        connection.send(
            {"subscriptionId": subscription.number, "event": terminated_event(now)},
        )
        self._note("unsubscribed", connection, now, subscription.api_key.uid)

    def check_key(self, api_key: ApiKey, now: int) -> None:
        """End every session and subscription that the key, as it is now, would not get again."""
        for connection in list(self.connections.values()):
            if api_key.reads_from(connection.address):
                continue
            for subscription in connection.subscriptions_with(api_key):
                self.end(connection, subscription, now)
            if connection.api_key is api_key:
                connection.api_key = connection.authorized_since = None

    def publish(self, uid: int, now: int, make: Callable[[], list[Json]]) -> None:
        """Tell everyone who listens to an account; `make` runs only when somebody does."""
        listeners = self._heard_by.get(uid)
        if not listeners:
            return
        events = make()
        for connection in list(listeners.values()):
            subscription = connection.subscription_of(uid)
            if subscription is not None:
                for event in events:
                    self._tell(connection, subscription, event, now)

    def cut_old(self, now: int) -> None:
        """No connection lives longer than a day."""
        for connection in list(self.connections.values()):
            if now - connection.opened >= DAY:
                self._note("stream_cut", connection, now)
                connection.opened = now
                connection.close()

    async def close_all(self, seconds: float) -> None:
        """Say goodbye to everyone, and wait so long for theirs."""
        waiting = [asyncio.ensure_future(one.gone.wait()) for one in self.connections.values()]
        for connection in list(self.connections.values()):
            connection.close()
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=seconds)
            for one in late:
                one.cancel()

    def drop(self, chosen: list[Connection], now: int) -> None:
        for connection in chosen:
            self._note("stream_dropped", connection, now)
            connection.abort()

    def shut_down(self, chosen: list[Connection], now: int, seconds: float) -> None:
        """Announce that the server goes, and let it go after `seconds`."""
        for connection in chosen:
            connection.send({"event": shutdown_event(now)})
            asyncio.get_running_loop().call_later(seconds, connection.close)

    def chosen(self, address: str | None, uid: int | None) -> list[Connection]:
        """Return the connections from an address or with an account's events; all for None."""
        return [
            one
            for one in self.connections.values()
            if address in (None, one.address) and (uid is None or one.subscription_of(uid))
        ]

    def count_subscriptions(self) -> int:
        return sum(len(one.subscriptions) for one in self.connections.values())

    def _tell(
        self, connection: Connection, subscription: Subscription, event: Json, now: int
    ) -> None:
        message = {"subscriptionId": subscription.number, "event": event}
        fault = self._faults.take(EVENTS, event["e"], subscription.api_key.uid)
        kind = fault.kind if fault else None
        if fault is not None:
            self._note(fault.kind, connection, now, subscription.api_key.uid, fault.label)
        if kind == DROP_EVENT:
            return
        if fault is not None and kind == DELAY_EVENT:
            asyncio.get_running_loop().call_later(fault.seconds, connection.send, message)
            return
        connection.send(message)
        if kind == DUPLICATE_EVENT:
            connection.send(message)

    def _unsubscribe(self, connection: Connection, subscription: Subscription) -> None:
        connection.remove(subscription)
        listeners = self._heard_by[subscription.api_key.uid]
        listeners.pop(connection.number, None)
        if not listeners:
            del self._heard_by[subscription.api_key.uid]

    def _note(
        self,
        event: str,
        connection: Connection,
        now: int,
        uid: int | None = None,
        label: str = "",
    ) -> None:
        named = {"label": label} if label else {}
        who = {"address": connection.address, "connection": connection.number, "account": uid}
        self._record.note(event, now, **who, **named)
