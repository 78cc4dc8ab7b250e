"""Which methods does the WebSocket API know, and which endpoint is each?"""

from dataclasses import dataclass

from nexus.simulator import serve_session
from nexus.simulator.endpoints import ENDPOINTS, SIGNED, Endpoint
from nexus.simulator.errors import ApiError
from nexus.simulator.keys import READ

# The same work, weight and count as over HTTP.
SAME = {
    "ping": "GET /api/v3/ping",
    "time": "GET /api/v3/time",
    "exchangeInfo": "GET /api/v3/exchangeInfo",
    "depth": "GET /api/v3/depth",
    "trades.recent": "GET /api/v3/trades",
    "trades.aggregate": "GET /api/v3/aggTrades",
    "klines": "GET /api/v3/klines",
    "avgPrice": "GET /api/v3/avgPrice",
    "ticker.24hr": "GET /api/v3/ticker/24hr",
    "ticker.price": "GET /api/v3/ticker/price",
    "ticker.book": "GET /api/v3/ticker/bookTicker",
    "order.place": "POST /api/v3/order",
    "order.test": "POST /api/v3/order/test",
    "order.status": "GET /api/v3/order",
    "order.cancel": "DELETE /api/v3/order",
    "openOrders.status": "GET /api/v3/openOrders",
    "openOrders.cancelAll": "DELETE /api/v3/openOrders",
    "allOrders": "GET /api/v3/allOrders",
    "myTrades": "GET /api/v3/myTrades",
    "account.status": "GET /api/v3/account",
    "account.commission": "GET /api/v3/account/commission",
    "account.rateLimits.orders": "GET /api/v3/rateLimit/order",
}


@dataclass(frozen=True, slots=True)
class Method:
    """One method: `proves` wants key and signature even where a session is logged on."""

    name: str
    endpoint: Endpoint
    proves: bool = False


def _own(name: str, endpoint: Endpoint, *, proves: bool = False) -> tuple[str, Method]:
    return name, Method(f"WS {name}", endpoint, proves)


METHODS: dict[str, Method] = {
    method: Method(name, ENDPOINTS[name.split(" ")[0], name.split(" ")[1]])
    for method, name in SAME.items()
} | dict(
    [
        _own("session.logon", Endpoint(serve_session.logon, 2, SIGNED, signed=True), proves=True),
        _own("session.status", Endpoint(serve_session.status, 2)),
        _own("session.logout", Endpoint(serve_session.logout, 2)),
        _own("session.subscriptions", Endpoint(serve_session.subscriptions, 2)),
        _own("userDataStream.subscribe", Endpoint(serve_session.subscribe, 2)),
        _own(
            "userDataStream.subscribe.signature",
            Endpoint(serve_session.subscribe_signed, 2, SIGNED, signed=True, right=READ),
            proves=True,
        ),
        _own(
            "userDataStream.unsubscribe",
            Endpoint(serve_session.unsubscribe, 2, frozenset({"subscriptionId"})),
        ),
    ]
)


def find_method(name: str) -> Method:
    """Return the method; a version may stand before its name, as in `v3/order.place`."""
    method = METHODS.get(name.removeprefix("v3/"))
    if method is None:
        raise ApiError(-1020, "This operation is not supported.")
    return method
