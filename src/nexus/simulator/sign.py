"""Who is asking, and is the request really theirs and fresh?

Over HTTP Binance signs the query and the body exactly as sent, one after the other, without the
signature itself; over a WebSocket the parameters in alphabetical order.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from nexus.simulator.errors import (
    ApiError,
    illegal_characters,
    key_format,
    key_refused,
    missing,
)
from nexus.simulator.keys import HMAC, ApiKey
from nexus.simulator.params import Params

KEY = re.compile(r"[A-Za-z0-9]{64}")
SIGNATURE = r"^[A-Fa-f0-9]{64}$"
WINDOW = r"^([0-9]{1,5})(\.[0-9]{1,3})?$"
USUAL_WINDOW = Decimal(5_000)
LONGEST_WINDOW = 60_000
AHEAD = 1_000
# Timestamps above this many milliseconds (year 5138) can only be microseconds.
MICROSECONDS = 10**14


def find_key(key: str | None, keys: Mapping[str, ApiKey], address: str) -> ApiKey:
    """Return the key, if it is one of ours and may be used from `address` (-2014, -2015)."""
    if not key or not KEY.fullmatch(key):
        raise key_format()
    api_key = keys.get(key)
    if api_key is None or api_key.revoked or not api_key.is_open_to(address):
        raise key_refused()
    return api_key


def check_right(api_key: ApiKey, right: str | None, now: int) -> None:
    """Raise -2015 unless the key may do what the endpoint does; None asks for no right."""
    if right is not None and not api_key.may(right, now):
        raise key_refused()


def check_signature(api_key: ApiKey, payload: str, params: Params) -> None:
    """Raise unless the request carries its owner's signature (-1102, -1100, -1022)."""
    params.required("timestamp")
    signature = params.values.get("signature")
    if not signature:
        raise missing("signature")
    if api_key.kind == HMAC and not re.fullmatch(SIGNATURE, signature):
        raise illegal_characters("signature", SIGNATURE)
    if not api_key.has_signed(payload, signature):
        raise ApiError(-1022, "Signature for this request is not valid.")


def check_time(params: Params, now: int) -> None:
    """Raise -1021 unless `timestamp` lies in `now - recvWindow .. now + 1 s`."""
    sent = params.integer("timestamp") or 0
    if sent > MICROSECONDS:
        sent //= 1_000
    window = _receive_window(params)
    if sent >= now + AHEAD:
        raise ApiError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now - sent > window:
        raise ApiError(-1021, "Timestamp for this request is outside of the recvWindow.")


def _receive_window(params: Params) -> Decimal:
    value = params.text("recvWindow", WINDOW)
    window = USUAL_WINDOW if value is None else Decimal(value)
    if window > LONGEST_WINDOW:
        raise ApiError(
            -1102,
            f"'recvWindow' contains unexpected value. Cannot be greater than {LONGEST_WINDOW}.",
        )
    return window


def sent_payload(query: str, body: str) -> str:
    """Return what an HTTP client signed: its own characters, joined without an ampersand."""
    return _unsigned(query) + _unsigned(body)


def sorted_payload(values: Mapping[str, str]) -> str:
    """Return what a WebSocket client signed."""
    pairs = sorted((name, value) for name, value in values.items() if name != "signature")
    return "&".join(f"{name}={value}" for name, value in pairs)


def _unsigned(part: str) -> str:
    """Return the raw text without its signature pair, which may stand anywhere in it."""
    if "signature=" not in part:
        return part
    return "&".join(pair for pair in part.split("&") if not pair.startswith("signature="))
