"""Is each request signed so that its reader can check it, and is a lent key taken back?"""

import base64
import time
from urllib.parse import unquote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from nexus.exchanges.binance_wire import ACCOUNT, NEW_ORDER
from nexus.exchanges.okx import BALANCE
from nexus.exchanges.sign import BinanceRequests, CcxtRequests, OkxRequests
from nexus.exchanges.unlock import LockedKey
from nexus.exchanges.vault import KeyPair
from nexus.exchanges.wire import Request

ORDER = {"symbol": "BTCUSDT", "newClientOrderId": "nx-1", "timestamp": 1, "recvWindow": 5000}


def pem(key: Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def signed_parts(request: Request) -> tuple[bytes, bytes]:
    """Give what was signed, as it was sent, and the signature."""
    text = request.body or urlsplit(request.url).query
    message, _, signature = text.rpartition("&signature=")
    return message.encode(), base64.b64decode(unquote(signature))


def build(secret: str) -> Request:
    key = LockedKey(1, lambda: KeyPair("alice-key", secret))
    return BinanceRequests("http://127.0.0.1:1").build(NEW_ORDER, ORDER, key)


def test_an_ed25519_key_signs_what_is_sent() -> None:
    key = Ed25519PrivateKey.generate()
    message, signature = signed_parts(build(pem(key)))
    key.public_key().verify(signature, message)
    assert b"newClientOrderId=nx-1" in message


def test_an_rsa_key_signs_what_is_sent() -> None:
    key = rsa.generate_private_key(65537, 2048)
    message, signature = signed_parts(build(pem(key)))
    key.public_key().verify(signature, message, padding.PKCS1v15(), SHA256())


def test_signing_with_ed25519_holds_no_crowd_up() -> None:
    """Five thousand orders must be signed in a few seconds beside everything else."""
    secret = pem(Ed25519PrivateKey.generate())
    builder = BinanceRequests("http://127.0.0.1:1")
    key = LockedKey(1, lambda: KeyPair("alice-key", secret))
    began = time.perf_counter()
    for _ in range(100):
        builder.build(NEW_ORDER, ORDER, key)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("builder", "endpoint"),
    [
        (BinanceRequests("http://127.0.0.1:1"), ACCOUNT),
        (OkxRequests("http://127.0.0.1:1"), BALANCE),
    ],
    ids=["binance", "okx"],
)
def test_a_lent_key_is_taken_back(builder: CcxtRequests, endpoint: object) -> None:
    pair = KeyPair("canary", "canary-secret:canary-pass")
    params = {"stamp": 1} if endpoint is BALANCE else {}
    signed = builder.build(endpoint, params, LockedKey(1, lambda: pair))  # type: ignore[arg-type]
    assert "canary" in signed.headers.values()
    assert "canary" not in repr(signed)
    left = {name: value for name, value in vars(builder._ccxt).items() if "canary" in repr(value)}
    assert left == {}
