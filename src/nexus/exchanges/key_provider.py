"""Who wraps the data keys? Whoever holds the key-encryption keys: the environment or a file now.

The protocol hands nothing out but wrapped and unwrapped data keys, so that a key service which
never shows its own key can stand here later.
"""

import base64
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from nexus.exchanges.errors import KeyLockedError
from nexus.settings import ProcessSettings

NONCE_BYTES = 12
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key under the key-encryption key `kid`."""

    kid: str
    wrap_nonce: bytes
    wrapped_dek: bytes


class KeyProvider(Protocol):
    """Whoever wraps data keys. What is wrapped is bound to what it belongs to."""

    @property
    def kid(self) -> str:
        """Name the key that wraps from now on."""
        ...

    def wrap(self, data_key: bytes, bound: bytes) -> Wrapped:
        """Wrap under the newest key."""
        ...

    def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        """Unwrap, with an older key too. Raises KeyLockedError, which holds nothing secret."""
        ...


class LocalKeys:
    """Keys that this process was given: the first one wraps, the others only unwrap."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        self.kid = _name(keys[0])

    def wrap(self, data_key: bytes, bound: bytes) -> Wrapped:
        """Wrap under the first key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Wrapped(self.kid, nonce, self._ciphers[self.kid].encrypt(nonce, data_key, bound))

    def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        """Unwrap with the key that wrapped it."""
        cipher = self._ciphers.get(wrapped.kid)
        if cipher is None:
            raise KeyLockedError(
                f"This was sealed with the key-encryption key {wrapped.kid}, and only"
                f" {', '.join(self._ciphers)} can be used here. Put the missing one into"
                " KEY_ENCRYPTION_KEYS_OLD, or connect the account again."
            )
        try:
            return cipher.decrypt(wrapped.wrap_nonce, wrapped.wrapped_dek, bound)
        except (InvalidTag, ValueError):
            raise KeyLockedError(
                f"What the key-encryption key {wrapped.kid} sealed was changed, moved to another"
                " owner, or destroyed. Connect the account again."
            ) from None


def read_keys(settings: ProcessSettings) -> LocalKeys:
    """Read the keys of this process; raises KeyLockedError with a sentence when there are none."""
    if settings.key_encryption_key_file:
        return LocalKeys(_read_file(Path(settings.key_encryption_key_file)))
    newest = settings.key_encryption_key.get_secret_value()
    if not newest:
        raise KeyLockedError(
            "Exchange keys cannot be opened: KEY_ENCRYPTION_KEY is not set."
            " Set it to the 32 bytes (in base64) they were sealed with."
        )
    older = settings.key_encryption_keys_old.get_secret_value()
    texts = [newest, *(text.strip() for text in older.split(",") if text.strip())]
    return LocalKeys([base64.b64decode(text) for text in texts])


def _read_file(path: Path) -> list[bytes]:
    """Read one key a line, the newest first; refuse a file that others can read."""
    try:
        others = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        lines = [line.strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise KeyLockedError(
            f"KEY_ENCRYPTION_KEY_FILE {path} cannot be read ({type(error).__name__})."
            " Name a file that this process may read."
        ) from None
    if others:
        raise KeyLockedError(
            f"KEY_ENCRYPTION_KEY_FILE {path} is open to others. Close it: chmod 600 {path}"
        )
    keys = [_decode(line) for line in lines if line and not line.startswith("#")]
    if not keys or None in keys:
        raise KeyLockedError(
            f"KEY_ENCRYPTION_KEY_FILE {path} must hold 32 bytes in base64 on each line,"
            " the newest key first."
        )
    return [key for key in keys if key is not None]


def _decode(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None


def _name(key: bytes) -> str:
    """Give a name by which keys are told apart, and from which none can be guessed."""
    derived = HKDF(SHA256(), length=KEY_BYTES, salt=None, info=b"nexus.kid.v1").derive(key)
    return derived[:6].hex()
