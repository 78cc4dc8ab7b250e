"""A device that makes and shows passkeys, in software: it lies where a test tells it to."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One device with one passkey."""

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    verifies: bool = True
    """Whether it checks a finger, a face or a PIN."""
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: os.urandom(16))
    user_handle: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any]) -> str:
        """Make the passkey: the JSON that a browser's script would send."""
        public = options["publicKey"]
        self.user_handle = _bytes(public["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {
            1: 2, 3: -7, -1: 1,
            -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big"),
        }  # fmt: skip
        credential = (
            b"\0" * 16 + len(self.credential_id).to_bytes(2, "big") + self.credential_id
            + cbor2.dumps(cose)
        )  # fmt: skip
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(HAS_KEY) + credential}
        return self._answer(
            clientDataJSON=_text(self._client_data("webauthn.create", public["challenge"])),
            attestationObject=_text(cbor2.dumps(attestation)),
            transports=["internal"],
        )

    def get(self, options: dict[str, Any]) -> str:
        """Show the passkey; each time counts."""
        self.count += 1
        client_data = self._client_data("webauthn.get", options["publicKey"]["challenge"])
        data = self._data()
        signed = data + hashlib.sha256(client_data).digest()
        return self._answer(
            clientDataJSON=_text(client_data),
            authenticatorData=_text(data),
            signature=_text(self.key.sign(signed, ec.ECDSA(SHA256()))),
            userHandle=_text(self.user_handle),
        )

    def _data(self, more: int = 0) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies else 0)
        rp_hash = hashlib.sha256(self.rp_id.encode()).digest()
        return rp_hash + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        ).encode()

    def _answer(self, **response: Any) -> str:
        identity = _text(self.credential_id)
        return json.dumps(
            {"id": identity, "rawId": identity, "type": "public-key", "response": response}
        )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
