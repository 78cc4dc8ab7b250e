"""How does a test ban, block, break and inject faults, under `/simulator/`?"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson

from nexus.simulator.connection import Connection
from nexus.simulator.errors import SimulatorError
from nexus.simulator.exchange import Exchange
from nexus.simulator.faults import read_fault
from nexus.simulator.intervals import SECOND
from nexus.simulator.params import Params

Body = dict[str, Any]
BLOCKS = (403, 451)
STATUSES = ("TRADING", "BREAK", "HALT")


def read_door(exchange: Exchange, params: Params, _body: Body) -> bytes:
    """`GET door?after=SEQ&limit=N`: bans, blocked regions, streams and faults, oldest first."""
    after, limit = params.integer("after") or 0, params.integer("limit")
    entries = exchange.record.entries[after:]
    return orjson.dumps(entries if limit is None else entries[:limit])


def read_faults(exchange: Exchange, _params: Params, _body: Body) -> list[Body]:
    """`GET faults`: what still waits to go wrong."""
    return [
        {"kind": one.kind, "where": one.where, "uid": one.uid, "times": one.times}
        for one in exchange.faults.waiting
    ]


def add_fault(exchange: Exchange, params: Params, body: Body) -> list[Body]:
    """`POST faults {"kind", "where", "uid", "times", ...}`; `faults.py` names them all."""
    exchange.faults.waiting.append(read_fault(body))
    return read_faults(exchange, params, body)


def clear_faults(exchange: Exchange, params: Params, body: Body) -> list[Body]:
    """`DELETE faults {"label"}`: nothing goes wrong any more, or nothing of that label."""
    exchange.faults.clear(body.get("label"))
    return read_faults(exchange, params, body)


def ban(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST bans {"address", "seconds"}`: 418 from now on; 0 seconds lifts the ban."""
    address, seconds = body.get("address"), body.get("seconds")
    if not isinstance(address, str) or not isinstance(seconds, int) or seconds < 0:
        raise SimulatorError("Send the address, and for how many seconds it is banned.")
    now = exchange.now()
    until = exchange.governor.ban(address, now, seconds * SECOND)
    if seconds:
        exchange.record.note("banned", now, address=address, until=until)
        for connection in exchange.streams.chosen(address, None):
            connection.close()
    return {"address": address, "until": until}


def block(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST blocks {"address", "status"}`: 451 (region) or 403 (firewall); null lets in again.

    The address `*` stands for everyone.
    """
    address, status = body.get("address"), body.get("status")
    if not isinstance(address, str) or (status is not None and status not in BLOCKS):
        raise SimulatorError("Send the address, and the status 403, 451 or null.")
    exchange.blocked.pop(address, None)
    if status is not None:
        exchange.blocked[address] = status
        exchange.record.note("blocked", exchange.now(), address=address, status=status)
        for connection in exchange.streams.chosen(None if address == "*" else address, None):
            connection.abort()
    return {"blocked": exchange.blocked}


def set_skew(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST skew {"ms": N}`: the exchange's clock goes wrong by so much, for time checks only."""
    skew = body.get("ms")
    if not isinstance(skew, int):
        raise SimulatorError("Send the skew as ms, in milliseconds; 0 is right again.")
    exchange.skew = skew
    exchange.record.note("skew", exchange.now(), ms=skew)
    return {"ms": skew}


def change_symbol(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST symbols {"symbol", "status", "min_notional"}`: halt a pair, or ask more of orders."""
    listings = exchange.market.listings
    listing = listings.get(str(body.get("symbol")))
    status, least = body.get("status", "TRADING"), body.get("min_notional", 5)
    if listing is None or status not in STATUSES or not isinstance(least, int):
        raise SimulatorError("Send a symbol, a status (TRADING, BREAK, HALT), a min_notional.")
    rules = replace(listing.rules, status=status, min_notional=Decimal(least))
    listings[rules.symbol] = replace(listing, rules=rules)
    exchange.record.note("symbol", exchange.now(), symbol=rules.symbol, status=status, least=least)
    return {"symbol": rules.symbol, "status": status, "min_notional": least}


def read_streams(exchange: Exchange, _params: Params, _body: Body) -> list[Body]:
    """`GET streams`: every open connection, and whose events go over it."""
    return [
        {
            "connection": one.number,
            "address": one.address,
            "opened": one.opened,
            "session": one.api_key is not None,
            "accounts": {str(number): sub.api_key.uid for number, sub in one.subscriptions.items()},
        }
        for one in exchange.streams.connections.values()
    ]


def drop_streams(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST streams/drop {"address", "uid"}`: break these connections off without a word."""
    chosen = _chosen(exchange, body)
    exchange.streams.drop(chosen, exchange.now())
    return {"connections": len(chosen)}


def shut_streams_down(exchange: Exchange, _params: Params, body: Body) -> Body:
    """`POST streams/shutdown {"address", "uid", "seconds"}`: announce the end, then close."""
    seconds = body.get("seconds", 0)
    if not isinstance(seconds, int | float) or seconds < 0:
        raise SimulatorError("Send as seconds how long the connections stay open.")
    chosen = _chosen(exchange, body)
    exchange.streams.shut_down(chosen, exchange.now(), seconds)
    return {"connections": len(chosen)}


def _chosen(exchange: Exchange, body: Body) -> list[Connection]:
    return exchange.streams.chosen(body.get("address"), body.get("uid"))


DOOR_CONTROL: dict[tuple[str, str], Callable[[Exchange, Params, Body], Any]] = {
    ("GET", "/simulator/door"): read_door,
    ("GET", "/simulator/faults"): read_faults,
    ("POST", "/simulator/faults"): add_fault,
    ("DELETE", "/simulator/faults"): clear_faults,
    ("POST", "/simulator/bans"): ban,
    ("POST", "/simulator/blocks"): block,
    ("POST", "/simulator/skew"): set_skew,
    ("POST", "/simulator/symbols"): change_symbol,
    ("GET", "/simulator/streams"): read_streams,
    ("POST", "/simulator/streams/drop"): drop_streams,
    ("POST", "/simulator/streams/shutdown"): shut_streams_down,
}
