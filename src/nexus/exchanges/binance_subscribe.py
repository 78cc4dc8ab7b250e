"""How is a subscription to an account's events written and signed, and where is it sent?

The WebSocket API signs its parameters in alphabetical order; HTTP signs them as they were sent.
"""

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.unlock import LockedKey

SUBSCRIBE = "userDataStream.subscribe.signature"
UNSUBSCRIBE = "userDataStream.unsubscribe"
PATH = "/ws-api/v3"
MAIN = "wss://ws-api.binance.com:443"
PUBLISHED = {
    **dict.fromkeys(
        (f"api{which}.binance.com" for which in ("", "1", "2", "3", "4", "-gcp")), MAIN
    ),
    "testnet.binance.vision": "wss://ws-api.testnet.binance.vision",
    "demo-api.binance.com": "wss://demo-ws-api.binance.com",
}
"""Where Binance serves the WebSocket API that belongs to an address of its HTTP API."""


def stream_address(exchange_url: str) -> str:
    """Say where the events of the exchange at `exchange_url` come from."""
    parts = urlsplit(exchange_url)
    if parts.hostname in PUBLISHED:
        return PUBLISHED[parts.hostname] + PATH
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{PATH}"


def write_subscription(number: str, key: LockedKey, stamp: int, window_ms: int) -> str:
    """Write and sign one subscription. Opens the key for that, and keeps nothing of it.

    Raises KeyLockedError.
    """
    pair = key.open()
    params: dict[str, str | int] = {
        "apiKey": pair.key,
        "recvWindow": window_ms,
        "timestamp": stamp,
    }
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    params["signature"] = _sign(pair.secret, payload.encode())
    return orjson.dumps({"id": number, "method": SUBSCRIBE, "params": params}).decode()


def write_end(number: str, subscription: int) -> str:
    """Write that a subscription is not wanted any more."""
    params = {"subscriptionId": subscription}
    return orjson.dumps({"id": number, "method": UNSUBSCRIBE, "params": params}).decode()


def _sign(secret: str, payload: bytes) -> str:
    """Sign with whatever kind of secret it is: HMAC's text, or an Ed25519 or RSA key in PEM."""
    if "PRIVATE KEY" not in secret:
        return hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    try:
        key = load_pem_private_key(secret.encode(), None)
    except (ValueError, TypeError):
        # Without its cause, which may quote the key.
        raise KeyLockedError("A stored key is no key that can sign; connect it again.") from None
    match key:
        case ed25519.Ed25519PrivateKey():
            signature = key.sign(payload)
        case rsa.RSAPrivateKey():
            signature = key.sign(payload, padding.PKCS1v15(), SHA256())
        case _:
            raise KeyLockedError("A stored key is of a kind that Binance does not know.")
    return base64.b64encode(signature).decode()
