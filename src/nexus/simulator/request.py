"""How is one request over a WebSocket read and answered?

`{"id", "method", "params"}` in, `{"id", "status", "result" or "error", "rateLimits"}` out. A method
does what its HTTP endpoint does, weighs the same and is counted under the same name.
"""

from typing import Any

import orjson

from nexus.simulator.answers import Json
from nexus.simulator.connection import POLICY, Connection
from nexus.simulator.errors import ApiError
from nexus.simulator.exchange import Exchange
from nexus.simulator.intervals import SECOND
from nexus.simulator.methods import Method, find_method
from nexus.simulator.params import Params
from nexus.simulator.serve_market import rate_limit
from nexus.simulator.sign import sorted_payload
from nexus.simulator.visit import Claim, Visit

UNAUTHORIZED = 401
# What every method may be sent besides its own parameters.
OURS = frozenset({"apiKey", "returnRateLimits"})


def answer_request(exchange: Exchange, connection: Connection, text: str) -> None:
    """Answer one text frame; the answer is put in the connection's line."""
    request: Json = {}
    values: dict[str, str] = {}
    visit: Visit | None = None
    refused: ApiError | None = None
    try:
        request = _read(text)
        values = _values(request.get("params") or {})
        method = find_method(request["method"])
        visit = Visit(exchange, method.endpoint, method.name, connection.address, connection)
        answer = {"id": request.get("id"), "status": 200, "result": _run(visit, method, values)}
    except ApiError as problem:
        refused = problem
        answer = {"id": request.get("id"), "status": problem.status}
        error = {"code": problem.code, "msg": problem.message}
        answer["error"] = error | _retry(problem, exchange.now())
    if visit is not None and _wants_limits(values, default=connection.shows_limits):
        answer["rateLimits"] = _limits(visit)
    connection.send(answer)
    for goodbye in visit.call.afterwards if visit else ():
        goodbye()
    if refused is not None:
        _punish(exchange, connection, refused)


def _run(visit: Visit, method: Method, values: dict[str, str]) -> object:
    """Run the method with its own parameters: what only this door reads is left out."""
    claim = _claim(values, visit.call.socket, vouched=not method.proves)
    params = {name: value for name, value in values.items() if name not in OURS}
    return visit.run(lambda: Params.of(params), claim)


def _read(text: str) -> Json:
    try:
        request = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ApiError(-1135, "Invalid JSON Request") from None
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise ApiError(-1135, "Invalid JSON Request")
    return request


def _values(sent: Any) -> dict[str, str]:
    """Write the parameters as they are signed: plain text, lists as JSON."""
    if not isinstance(sent, dict):
        raise ApiError(-1135, "Invalid JSON Request")
    return {name: _text(value) for name, value in sent.items() if value is not None}


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _wants_limits(values: dict[str, str], *, default: bool) -> bool:
    told = values.get("returnRateLimits")
    return default if told is None else told.lower() == "true"


def _claim(values: dict[str, str], connection: Connection, *, vouched: bool) -> Claim:
    """Let a named key prove itself; where none is named, a logged-on session vouches."""
    if vouched and "apiKey" not in values and connection.api_key is not None:
        return Claim(connection.api_key.key, None)
    return Claim(values.get("apiKey"), sorted_payload(values))


def _retry(refused: ApiError, now: int) -> Json:
    seconds = refused.headers.get("Retry-After")
    if seconds is None:
        return {}
    return {"data": {"serverTime": now, "retryAfter": now + int(seconds) * SECOND}}


def _punish(exchange: Exchange, connection: Connection, refused: ApiError) -> None:
    """End the session of a key that lost its rights, and every connection of a banned address."""
    if refused.status == UNAUTHORIZED and connection.api_key is not None:
        connection.api_key = connection.authorized_since = None
    if refused.bans_until is not None:
        for one in exchange.streams.chosen(connection.address, None):
            one.close(POLICY)


def _limits(visit: Visit) -> list[Json]:
    governor = visit.exchange.governor
    used = visit.used_weight()
    told = [rate_limit("REQUEST_WEIGHT", "MINUTE", 1, governor.limits.weight) | {"count": used}]
    if not visit.endpoint.is_order or visit.call.signer is None:
        return told
    short, day = governor.order_counts(visit.call.signer.uid, visit.now)
    orders = [
        rate_limit("ORDERS", "SECOND", 10, governor.limits.orders_10s) | {"count": short},
        rate_limit("ORDERS", "DAY", 1, governor.limits.orders_day) | {"count": day},
    ]
    return orders + told
