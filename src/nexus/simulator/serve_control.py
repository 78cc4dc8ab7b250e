"""What may a test or an operator ask under `/simulator/` that no real exchange would answer?

The journal is the exchange's own record, `door` that of bans, streams and faults. Keys, money,
faults, bans and streams are changed in `control_keys.py` and `control_door.py`. These requests
weigh nothing and are not counted.
"""

from collections.abc import Callable
from typing import Any

import orjson

from nexus.simulator.clock import ManualClock
from nexus.simulator.control_door import DOOR_CONTROL
from nexus.simulator.control_keys import KEY_CONTROL
from nexus.simulator.endpoints import ENDPOINTS
from nexus.simulator.errors import ApiError, SimulatorError
from nexus.simulator.exchange import Exchange
from nexus.simulator.params import Params

MOST_ENTRIES = 100_000
MOST_ACCOUNTS = 100_000

Body = dict[str, Any]


def read_journal(exchange: Exchange, params: Params, _body: Body) -> bytes:
    """`GET journal?after=SEQ&limit=N`: the entries above SEQ, oldest first."""
    limit = params.integer("limit")
    return exchange.journal.after(
        params.integer("after") or 0, MOST_ENTRIES if limit is None else limit
    )


def read_stats(exchange: Exchange, _params: Params, _body: Body) -> Body:
    """`GET stats`: what was asked since this process started, and what the journal holds."""
    looks = (f"{method} {path}" for (method, path), one in ENDPOINTS.items() if one.market_data)
    now = exchange.now()
    visitors = exchange.governor.visitors
    return {
        "requests": dict(exchange.requests),
        "market_calls": sum(exchange.requests[name] for name in looks),
        "weight_used": sum(one.api.total + one.sapi.total for one in visitors.values()),
        "weight_used_1m": {address: one.api.at(now) for address, one in visitors.items()},
        "orders_accepted": exchange.totals["orders_accepted"],
        "orders_rejected": exchange.totals["orders_rejected"],
        "cancels_accepted": exchange.totals["cancels_accepted"],
        "fills": exchange.totals["fills"],
        "answered_429": exchange.totals["answered_429"],
        "answered_418": exchange.totals["answered_418"],
        "answered_451": exchange.totals["answered_451"],
        "connections": len(exchange.streams.connections),
        "subscriptions": exchange.streams.count_subscriptions(),
        "door": dict(exchange.record.counts),
        "accounts": len(exchange.accounts),
    }


def read_state(exchange: Exchange, _params: Params, _body: Body) -> Body:
    """`GET state`: where clock and market stand."""
    return {
        "now": exchange.now(),
        "market_now": exchange.market.now,
        "clock": "manual" if exchange.clock.manual else "real",
        "phase": exchange.market.phase(),
        "prices": exchange.market.prices(),
        "seed": exchange.seed,
        "accounts": len(exchange.accounts),
        "journal": len(exchange.journal.entries),
    }


def open_accounts(exchange: Exchange, _params: Params, body: Body) -> list[Body]:
    """`POST accounts {"count": N}`: open N more, each with the usual balance."""
    count = body.get("count")
    if not isinstance(count, int) or not 1 <= count <= MOST_ACCOUNTS:
        message = f"Send the number of accounts as count, from 1 to {MOST_ACCOUNTS}."
        raise SimulatorError(message)
    made = exchange.create_accounts(count)
    return [{"key": one.key, "secret": one.secret, "uid": one.uid} for one in made]


def set_clock(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST clock {"now": ms}`: move everything there; answers with the prices then."""
    if not isinstance(exchange.clock, ManualClock):
        message = "The clock is real; start the simulator with --clock manual to set it."
        raise SimulatorError(message)
    now = body.get("now")
    if not isinstance(now, int):
        message = "Send the time as now, in milliseconds since 1970."
        raise SimulatorError(message)
    exchange.clock.set(now)
    exchange.advance()
    exchange.note_alive()
    return read_state(exchange, Params(""), {})


CONTROL: dict[tuple[str, str], Callable[[Exchange, Params, Body], Any]] = {
    ("GET", "/simulator/journal"): read_journal,
    ("GET", "/simulator/stats"): read_stats,
    ("GET", "/simulator/state"): read_state,
    ("POST", "/simulator/accounts"): open_accounts,
    ("POST", "/simulator/clock"): set_clock,
    **KEY_CONTROL,
    **DOOR_CONTROL,
}


def answer_control(
    exchange: Exchange, method: str, path: str, query: str, body: str
) -> tuple[int, bytes]:
    """Run one control request; returns the status and the JSON."""
    try:
        answer = CONTROL[method, path](exchange, Params(query), _read_body(body))
    except (SimulatorError, ApiError, orjson.JSONDecodeError) as problem:
        return 400, orjson.dumps({"error": str(problem)})
    return 200, answer if isinstance(answer, bytes) else orjson.dumps(answer)


def _read_body(body: str) -> Body:
    sent = orjson.loads(body) if body else {}
    if not isinstance(sent, dict):
        message = "Send a JSON object."
        raise SimulatorError(message)
    return sent
