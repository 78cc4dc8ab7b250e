"""Keep exchange keys: sealed at rest, opened only to sign.

Envelope encryption. Every record has a data key of its own (AES-256-GCM), and that key is
wrapped by `KEY_ENCRYPTION_KEY`. Both are bound to whose key it is, so a row that was moved to
another person, account or version does not open.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from nexus.exchanges.errors import KeyLockedError
from nexus.settings import ProcessSettings

NONCE_BYTES = 12
DATA_KEY_BITS = 256


class KeyPair:
    """An exchange key in the clear: masked when shown, and neither pickled nor serialised."""

    __slots__ = ("key", "secret")

    def __init__(self, key: str, secret: str) -> None:
        self.key = key
        self.secret = secret

    @property
    def last4(self) -> str:
        """The end of the key, by which its owner recognises it."""
        return self.key[-4:]

    def __repr__(self) -> str:
        return f"KeyPair(...{self.last4})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An exchange key never leaves this process.")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key it is: what a sealed record is bound to."""

    user_id: int
    venue: str
    account_id: int
    version: int

    def bound(self) -> bytes:
        """Give the authenticated data of both encryptions."""
        parts = ["nexus.apikey.v1", self.user_id, self.venue, self.account_id, self.version]
        return json.dumps(parts, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class SealedKey:
    """An exchange key as it is stored; worthless without the vault."""

    kid: str
    wrap_nonce: bytes
    wrapped_dek: bytes
    nonce: bytes
    ciphertext: bytes
    last4: str
    fingerprint: bytes


class Vault:
    """Seals and opens exchange keys with the one key-encryption key of this installation."""

    def __init__(self, key_encryption_key: bytes) -> None:
        self._wrapper = AESGCM(key_encryption_key)
        self._fingerprint_key = _derive(key_encryption_key, b"nexus.fingerprint.v1")
        self.kid = _derive(key_encryption_key, b"nexus.kid.v1")[:6].hex()

    def seal(self, pair: KeyPair, owner: Owner) -> SealedKey:
        """Encrypt `pair` for `owner` under a fresh data key."""
        data_key = AESGCM.generate_key(DATA_KEY_BITS)
        nonce, wrap_nonce = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(NONCE_BYTES)
        plain = json.dumps([pair.key, pair.secret]).encode()
        return SealedKey(
            kid=self.kid,
            wrap_nonce=wrap_nonce,
            wrapped_dek=self._wrapper.encrypt(wrap_nonce, data_key, owner.bound()),
            nonce=nonce,
            ciphertext=AESGCM(data_key).encrypt(nonce, plain, owner.bound()),
            last4=pair.last4,
            fingerprint=self.fingerprint(pair),
        )

    def open_key(self, sealed: SealedKey, owner: Owner) -> KeyPair:
        """Decrypt a stored key; KeyLockedError when it is not this owner's or not ours."""
        try:
            data_key = self._wrapper.decrypt(sealed.wrap_nonce, sealed.wrapped_dek, owner.bound())
            plain = AESGCM(data_key).decrypt(sealed.nonce, sealed.ciphertext, owner.bound())
        except (InvalidTag, ValueError):
            raise KeyLockedError(
                f"The exchange key of account {owner.account_id} cannot be opened with"
                f" KEY_ENCRYPTION_KEY {self.kid} (it was sealed with {sealed.kid})."
                " Set the key it was sealed with, or connect the account again."
            ) from None
        return KeyPair(*json.loads(plain))

    def fingerprint(self, pair: KeyPair) -> bytes:
        """Give what finds the same exchange key again without showing it."""
        return hmac.digest(self._fingerprint_key, pair.key.encode(), hashlib.sha256)


def open_vault(settings: ProcessSettings) -> Vault:
    """Open the vault of this installation; KeyLockedError without its key."""
    text = settings.key_encryption_key.get_secret_value()
    if not text:
        raise KeyLockedError(
            "Exchange keys cannot be opened: KEY_ENCRYPTION_KEY is not set."
            " Set it to the 32 bytes (in base64) they were sealed with."
        )
    return Vault(base64.b64decode(text))


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(key)
