"""How does an account come by another key, and how does a key change?"""

from collections.abc import Mapping
from typing import Any

from nexus.simulator.accounts import make_token
from nexus.simulator.errors import SimulatorError
from nexus.simulator.exchange import Exchange
from nexus.simulator.keys import (
    HMAC,
    KINDS,
    MOST_IPS,
    RIGHTS,
    TRADE,
    ApiKey,
    describe_key,
    read_public_key,
)


def register_key(
    exchange: Exchange,
    uid: int,
    kind: str,
    public_key: str | None = None,
    changes: Mapping[str, Any] | None = None,
) -> ApiKey:
    """Give an account one more key; Ed25519 and RSA bring their public half, HMAC gets a secret.

    `changes` are what `change_key` takes. SimulatorError, and no key, when anything is wrong.
    """
    _check(changes or {})
    if uid not in exchange.by_uid:
        raise SimulatorError(f"There is no account {uid}; POST /simulator/accounts opens one.")
    if kind not in KINDS:
        raise SimulatorError(f"Send a kind: one of {', '.join(KINDS)}.")
    number = len(exchange.keys)
    if kind == HMAC:
        proof = make_token(exchange.seed, number, "later secret")
    else:
        proof = public_key or ""
        read_public_key(kind, proof)
    key = make_token(exchange.seed, number, "later key")
    made = ApiKey(key, uid, kind, proof, exchange.now())
    exchange.keys[key] = made
    change_key(exchange, made, changes or {})
    return made


def change_key(exchange: Exchange, api_key: ApiKey, changes: Mapping[str, Any]) -> None:
    """Tick and untick rights, name addresses, revoke; takes the names of `describe_key`.

    Whoever listens through the key hears no more once it may not read, or not from there.
    """
    _check(changes)
    api_key.rights |= changes.get("rights", {})
    api_key.ip_restrict = changes.get("ipRestrict", api_key.ip_restrict)
    api_key.ips = tuple(changes.get("ips", api_key.ips))
    api_key.revoked = changes.get("revoked", api_key.revoked)
    expiry = "tradingAuthorityExpirationTime"
    if expiry in changes:
        api_key.trading_until = changes[expiry]
    exchange.journal.note("key", describe_key(api_key))
    exchange.streams.check_key(api_key, exchange.now())


def _check(changes: Mapping[str, Any]) -> None:
    rights = changes.get("rights", {})
    if not isinstance(rights, dict):
        raise SimulatorError("Send the rights by name, in an object.")
    known = {"key", "rights", "ipRestrict", "ips", "revoked", "tradingAuthorityExpirationTime"}
    if unknown := sorted(set(changes) - known):
        raise SimulatorError(f"{unknown[0]} cannot be changed; {', '.join(sorted(known))} can.")
    if unknown := sorted(set(rights) - set(RIGHTS)):
        raise SimulatorError(f"{unknown[0]} is no right; {TRADE} is one.")
    switches = [*rights.values(), changes.get("ipRestrict", True), changes.get("revoked", True)]
    if not all(isinstance(value, bool) for value in switches):
        raise SimulatorError("Send rights, ipRestrict and revoked as true or false.")
    ips = changes.get("ips", [])
    named = isinstance(ips, list) and all(isinstance(one, str) for one in ips)
    if not named or len(ips) > MOST_IPS:
        raise SimulatorError(f"Send at most {MOST_IPS} addresses as ips, in a list.")
    until = changes.get("tradingAuthorityExpirationTime")
    if until is not None and not isinstance(until, int):
        raise SimulatorError("Send tradingAuthorityExpirationTime in milliseconds, or null.")
