"""How does a push service know us? By a key of our own, RFC 8292."""

import base64
import time
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from nexus.core.clock import SYSTEM_CLOCK
from nexus.settings import PushSettings

LIFE_SECONDS: Final = 6 * 3600
AGAIN_SECONDS: Final = 3600
KEY_BYTES: Final = 32


class Vapid:
    """Our key, and what it signed lately."""

    def __init__(self, settings: PushSettings) -> None:
        private_key = settings.vapid_private_key.get_secret_value()
        self._signer = Vapid02.from_raw(private_key.encode())
        self._contact = settings.push_contact
        self._signed: dict[str, tuple[float, str]] = {}
        self.public_key = encode(
            self._signer.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        )
        """What a browser asks its push service with, base64url."""

    def sign(self, origin: str) -> str:
        """Give the `Authorization` header for a push service, like `https://push.example.com`."""
        at, header = self._signed.get(origin, (0.0, ""))
        if time.monotonic() - at > AGAIN_SECONDS or not header:
            # The push service judges by the true time, whatever clock a replay has put in force.
            expires = int(SYSTEM_CLOCK.now().timestamp()) + LIFE_SECONDS
            claims = {"aud": origin, "sub": self._contact, "exp": expires}
            header = self._signer.sign(claims)["Authorization"]
            self._signed[origin] = (time.monotonic(), header)
        return header


def open_vapid(settings: PushSettings) -> Vapid | None:
    """Open our key; None where none is configured, and nobody can be told by push."""
    return Vapid(settings) if settings.vapid_private_key.get_secret_value() else None


def make_key() -> str:
    """Make a new private key, base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return encode(number.to_bytes(KEY_BYTES, "big"))


def encode(raw: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
