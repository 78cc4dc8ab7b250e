"""Who is asking, and is the request really theirs and fresh?

Binance signs the query and the body exactly as sent, one after the other, without the signature
itself. HMAC keys are checked here; keys of another kind get their own branch in `_is_signed_by`.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from decimal import Decimal

from nexus.simulator.accounts import Account
from nexus.simulator.errors import (
    ApiError,
    illegal_characters,
    key_format,
    key_refused,
    missing,
)
from nexus.simulator.params import Params

KEY = re.compile(r"[A-Za-z0-9]{64}")
SIGNATURE = r"^[A-Fa-f0-9]{64}$"
WINDOW = r"^([0-9]{1,5})(\.[0-9]{1,3})?$"
USUAL_WINDOW = Decimal(5_000)
LONGEST_WINDOW = 60_000
AHEAD = 1_000
# Timestamps above this many milliseconds (year 5138) can only be microseconds.
MICROSECONDS = 10**14


def find_account(key: str | None, accounts: Mapping[str, Account]) -> Account:
    if not key or not KEY.fullmatch(key):
        raise key_format()
    account = accounts.get(key)
    if account is None:
        raise key_refused()
    return account


def check_signature(account: Account, query: str, body: str, params: Params) -> None:
    """Raise unless the request carries its owner's signature (-1102, -1100, -1022)."""
    params.required("timestamp")
    signature = params.values.get("signature")
    if not signature:
        raise missing("signature")
    if not re.fullmatch(SIGNATURE, signature):
        raise illegal_characters("signature", SIGNATURE)
    if not _is_signed_by(account, _unsigned(query) + _unsigned(body), signature):
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


def _is_signed_by(account: Account, payload: str, signature: str) -> bool:
    made = hmac.new(account.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(made, signature.lower())


def _unsigned(part: str) -> str:
    """Return the raw text without its signature pair, which may stand anywhere in it."""
    if "signature=" not in part:
        return part
    return "&".join(pair for pair in part.split("&") if not pair.startswith("signature="))
