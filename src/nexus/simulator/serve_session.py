"""What do logging on and subscribing to one's own events answer?"""

from nexus.simulator.answers import Json
from nexus.simulator.call import Call
from nexus.simulator.connection import Connection
from nexus.simulator.errors import ApiError, key_refused
from nexus.simulator.keys import ED25519, READ, ApiKey
from nexus.simulator.sign import check_right, find_key

MOST_SUBSCRIPTIONS = 1_000
MOST_EVER = 65_535


def logon(call: Call) -> Json:
    """Let the key vouch for everything that follows on this connection; Ed25519 only."""
    if call.key.kind != ED25519:
        raise ApiError(-4056, f"{_long_kind(call.key)} API key is not supported.")
    connection = call.socket
    connection.api_key, connection.authorized_since = call.key, call.now
    return status(call)


def status(call: Call) -> Json:
    connection = call.socket
    return {
        "apiKey": connection.api_key.key if connection.api_key else None,
        "authorizedSince": connection.authorized_since,
        "connectedSince": connection.opened,
        "returnRateLimits": connection.shows_limits,
        "serverTime": call.now + call.exchange.skew,
        "userDataStream": any(one.by_session for one in connection.subscriptions.values()),
    }


def logout(call: Call) -> Json:
    """Forget the key; what was subscribed by the session ends, the connection stays."""
    connection = call.socket
    connection.api_key = connection.authorized_since = None
    ended = [one for one in connection.subscriptions.values() if one.by_session]
    _end_afterwards(call, [one.number for one in ended])
    return status(call)


def subscriptions(call: Call) -> list[Json]:
    return [{"subscriptionId": number} for number in call.socket.subscriptions]


def subscribe(call: Call) -> Json:
    """Subscribe the logged-on account."""
    connection = call.socket
    if connection.api_key is None:
        raise key_refused()
    api_key = find_key(connection.api_key.key, call.exchange.keys, connection.address)
    check_right(api_key, READ, call.now)
    return _subscribe(call, connection, api_key, by_session=True)


def subscribe_signed(call: Call) -> Json:
    """Subscribe the account of any key that signs, logged on or not."""
    return _subscribe(call, call.socket, call.key, by_session=False)


def unsubscribe(call: Call) -> Json:
    """End one subscription, or all of them when none is named."""
    active = call.socket.subscriptions
    number = call.params.integer("subscriptionId")
    if number is not None and number not in active:
        raise ApiError(-2036, "User Data Stream subscription not active.")
    _end_afterwards(call, list(active) if number is None else [number])
    return {}


def _subscribe(call: Call, connection: Connection, api_key: ApiKey, *, by_session: bool) -> Json:
    if connection.subscription_of(api_key.uid) is not None:
        raise ApiError(-2035, "User Data Stream subscription already active.")
    if connection.next_subscription >= MOST_EVER:
        raise ApiError(-2042, "Maximum subscription ID reached for this connection.")
    if len(connection.subscriptions) >= MOST_SUBSCRIPTIONS:
        raise ApiError(
            -1191,
            "Too many subscriptions. Connection may create up to "
            f"'{MOST_SUBSCRIPTIONS}' subscriptions at a time.",
        )
    streams = call.exchange.streams
    made = streams.subscribe(connection, api_key, call.now, by_session=by_session)
    return {"subscriptionId": made.number}


def _end_afterwards(call: Call, numbers: list[int]) -> None:
    """End these once the answer is out, because Binance says so first."""
    connection, streams = call.socket, call.exchange.streams

    def end() -> None:
        for number in numbers:
            streams.end(connection, connection.subscriptions[number], call.now)

    call.afterwards.append(end)


def _long_kind(api_key: ApiKey) -> str:
    return "HMAC_SHA256" if api_key.kind == "HMAC" else api_key.kind
