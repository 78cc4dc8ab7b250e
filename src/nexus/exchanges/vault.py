"""Keep exchange keys: sealed at rest, opened only to sign.

Envelope encryption. Every record has a data key of its own (AES-256-GCM), and that key is wrapped
by whoever holds the key-encryption key. Both are bound to whose key it is, so a row that was moved
to another person, account or version does not open.
"""

import json
import secrets
from dataclasses import dataclass
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.key_provider import NONCE_BYTES, KeyProvider, Wrapped, read_keys
from nexus.settings import ProcessSettings

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

    @property
    def wrapped(self) -> Wrapped:
        """The data key alone."""
        return Wrapped(self.kid, self.wrap_nonce, self.wrapped_dek)


class Vault:
    """Seals and opens exchange keys with the key-encryption keys of this installation."""

    def __init__(self, keys: KeyProvider) -> None:
        self.keys = keys

    def seal(self, pair: KeyPair, owner: Owner) -> SealedKey:
        """Encrypt `pair` for `owner` under a fresh data key."""
        data_key = AESGCM.generate_key(DATA_KEY_BITS)
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = json.dumps([pair.key, pair.secret]).encode()
        wrapped = self.keys.wrap(data_key, owner.bound())
        return SealedKey(
            kid=wrapped.kid,
            wrap_nonce=wrapped.wrap_nonce,
            wrapped_dek=wrapped.wrapped_dek,
            nonce=nonce,
            ciphertext=AESGCM(data_key).encrypt(nonce, plain, owner.bound()),
            last4=pair.last4,
        )

    def open_key(self, sealed: SealedKey, owner: Owner) -> KeyPair:
        """Decrypt a stored key; KeyLockedError when it is not this owner's or not ours."""
        try:
            data_key = self.keys.unwrap(sealed.wrapped, owner.bound())
            plain = AESGCM(data_key).decrypt(sealed.nonce, sealed.ciphertext, owner.bound())
        except KeyLockedError as error:
            raise KeyLockedError(f"Account {owner.account_id} has no usable key. {error}") from None
        except (InvalidTag, ValueError):
            raise KeyLockedError(
                f"The exchange key of account {owner.account_id} was changed or destroyed."
                " Connect the account again."
            ) from None
        return KeyPair(*json.loads(plain))

    def rewrap(self, wrapped: Wrapped, owner: Owner) -> Wrapped:
        """Wrap a data key under the newest key; what it encrypts is not touched."""
        return self.keys.wrap(self.keys.unwrap(wrapped, owner.bound()), owner.bound())


def open_vault(settings: ProcessSettings) -> Vault:
    """Open the vault of this installation; KeyLockedError without its key."""
    return Vault(read_keys(settings))
