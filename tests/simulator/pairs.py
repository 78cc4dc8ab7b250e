"""Which key pairs does a test sign with, and how?"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and what a customer would register of it."""

    kind: str
    public: str
    private: str
    sign: Callable[[str], str]


@cache
def ed25519_pair() -> Pair:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

    def signer(payload: str) -> str:
        return base64.b64encode(private.sign(payload.encode())).decode()

    return _pair("ED25519", private, signer)


@cache
def rsa_pair() -> Pair:
    private = generate_private_key(65_537, 2_048)

    def signer(payload: str) -> str:
        return base64.b64encode(private.sign(payload.encode(), PKCS1v15(), SHA256())).decode()

    return _pair("RSA", private, signer)


def _pair(
    kind: str, private: Ed25519PrivateKey | RSAPrivateKey, signer: Callable[[str], str]
) -> Pair:
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(kind, public.decode(), secret.decode(), signer)
