"""Which keys open an account, how does each prove a request, and what may it do?

Three kinds, as at Binance: HMAC shares a secret; with ED25519 and RSA the exchange knows only the
public half, in PEM. Rights carry the names of `apiRestrictions`.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from nexus.simulator.errors import SimulatorError

HMAC, ED25519, RSA = "HMAC", "ED25519", "RSA"
KINDS = (HMAC, ED25519, RSA)
READ, TRADE = "enableReading", "enableSpotAndMarginTrading"
RIGHTS = (
    READ,
    TRADE,
    "enableWithdrawals",
    "enableInternalTransfer",
    "permitsUniversalTransfer",
    "enableMargin",
    "enableFutures",
    "enableVanillaOptions",
    "enablePortfolioMarginTrading",
    "enableFixApiTrade",
    "enableFixReadOnly",
)
# Binance takes RSA keys from 2048 to 4096 bits.
RSA_BITS = range(2_048, 4_097)
MOST_IPS = 30

PublicKey = Ed25519PublicKey | RSAPublicKey


def usual_rights() -> dict[str, bool]:
    """Return what a careful customer ticks: read and trade spot, move nothing out."""
    return {name: name in (READ, TRADE) for name in RIGHTS}


@dataclass(slots=True)
class ApiKey:
    """One key of one account. `proof` is the shared secret (HMAC) or the public key (PEM).

    `ips` is who may use a restricted key; empty means that nobody cared to name the addresses of
    this test, and everyone counts as named. `trading_until` is when the right to trade ends (ms).
    """

    key: str
    uid: int
    kind: str
    proof: str
    created: int
    rights: dict[str, bool] = field(default_factory=usual_rights)
    ip_restrict: bool = True
    ips: tuple[str, ...] = ()
    trading_until: int | None = None
    revoked: bool = False
    _public: PublicKey | None = None

    def may(self, right: str, now: int) -> bool:
        expired = self.trading_until is not None and now >= self.trading_until
        return self.rights[right] and not (right == TRADE and expired)

    def is_open_to(self, address: str) -> bool:
        return not (self.ip_restrict and self.ips) or address in self.ips

    def reads_from(self, address: str) -> bool:
        return not self.revoked and self.rights[READ] and self.is_open_to(address)

    def has_signed(self, payload: str, signature: str) -> bool:
        """Whether `signature` (hex for HMAC, base64 otherwise) belongs to exactly `payload`."""
        if self.kind == HMAC:
            made = hmac.new(self.proof.encode(), payload.encode(), hashlib.sha256).hexdigest()
            return hmac.compare_digest(made, signature.lower())
        if self._public is None:
            self._public = read_public_key(self.kind, self.proof)
        return _is_signed_with(self._public, payload.encode(), signature)


def read_public_key(kind: str, pem: str) -> PublicKey:
    """Read a PEM public key. SimulatorError when it is none, or not of this kind."""
    try:
        public = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as problem:
        message = "Send the public key in PEM, from -----BEGIN PUBLIC KEY----- on."
        raise SimulatorError(message) from problem
    if kind == ED25519 and isinstance(public, Ed25519PublicKey):
        return public
    if kind == RSA and isinstance(public, RSAPublicKey) and public.key_size in RSA_BITS:
        return public
    message = f"This is no {kind} public key that Binance would take."
    raise SimulatorError(message)


def describe_key(api_key: ApiKey) -> dict[str, Any]:
    """Return everything about a key, as the state file keeps it."""
    return {
        "key": api_key.key,
        "uid": api_key.uid,
        "kind": api_key.kind,
        "proof": api_key.proof,
        "created": api_key.created,
        "rights": api_key.rights,
        "ipRestrict": api_key.ip_restrict,
        "ips": list(api_key.ips),
        "tradingAuthorityExpirationTime": api_key.trading_until,
        "revoked": api_key.revoked,
    }


def recall_key(data: dict[str, Any]) -> ApiKey:
    """Make the key again that `describe_key` described."""
    return ApiKey(
        key=data["key"],
        uid=data["uid"],
        kind=data["kind"],
        proof=data["proof"],
        created=data["created"],
        rights=data["rights"],
        ip_restrict=data["ipRestrict"],
        ips=tuple(data["ips"]),
        trading_until=data["tradingAuthorityExpirationTime"],
        revoked=data["revoked"],
    )


def _is_signed_with(public: PublicKey, payload: bytes, signature: str) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        if isinstance(public, Ed25519PublicKey):
            public.verify(raw, payload)
        else:
            public.verify(raw, payload, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
