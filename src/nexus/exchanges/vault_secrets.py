"""What else does the vault keep? Two secrets of the installation, wrapped like any data key.

`fingerprint` keys the HMAC by which the same exchange key is found again; it stays the same when
the key-encryption key changes. `drop_box` is the private half of the box into which the web
process drops keys that only a worker can take out (docs/decisions/0015).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexus.core.db import Transaction
from nexus.exchanges.errors import KeyLockedError, NoDropBoxError
from nexus.exchanges.key_provider import Wrapped
from nexus.exchanges.models import VaultSecret
from nexus.exchanges.vault import KeyPair, Vault

FINGERPRINT, DROP_BOX = "fingerprint", "drop_box"
SECRET_BYTES = 32

_hpke = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Finds the same exchange key again without showing it."""

    _secret: bytes

    def of(self, pair: KeyPair) -> bytes:
        """Give the same bytes for the same key, whatever its secret."""
        return hmac.digest(self._secret, pair.key.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Slot:
    """The way in: whoever has it can drop a text, and take none out."""

    public: bytes

    def drop(self, text: str, bound: bytes) -> bytes:
        """Seal a text that opens only together with `bound`."""
        public = X25519PublicKey.from_public_bytes(self.public)
        return _hpke.encrypt(text.encode(), public, info=bound)


@dataclass(frozen=True, slots=True)
class DropBox:
    """The way out; only a worker has it."""

    _private: bytes

    def take(self, dropped: bytes, bound: bytes) -> str:
        """Open what was dropped. Raises KeyLockedError, which holds nothing of it."""
        try:
            private = X25519PrivateKey.from_private_bytes(self._private)
            return _hpke.decrypt(dropped, private, info=bound).decode()
        except (InvalidTag, ValueError):
            raise KeyLockedError("What was dropped was changed, moved or destroyed.") from None


async def make_secrets(tx: Transaction, vault: Vault) -> None:
    """Make what is not there yet; called by every worker when it starts."""
    known = set(await tx.scalars(select(VaultSecret.name)))
    if FINGERPRINT not in known:
        await _keep(tx, vault, FINGERPRINT, secrets.token_bytes(SECRET_BYTES), None)
    if DROP_BOX not in known:
        private = X25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        await _keep(tx, vault, DROP_BOX, private.private_bytes_raw(), public)


async def read_fingerprints(tx: Transaction, vault: Vault) -> Fingerprints:
    """Read the fingerprints' secret, making it in a database that has none yet."""
    await make_secrets(tx, vault)
    return Fingerprints(await _open(tx, vault, FINGERPRINT))


async def read_drop_box(tx: Transaction, vault: Vault) -> DropBox:
    """Read the way out of the drop box. Raises KeyLockedError."""
    return DropBox(await _open(tx, vault, DROP_BOX))


async def read_slot(tx: Transaction) -> Slot:
    """Read the way in; NoDropBoxError when no worker has ever run."""
    public = await tx.scalar(select(VaultSecret.public).where(VaultSecret.name == DROP_BOX))
    if public is None:
        raise NoDropBoxError
    return Slot(public)


def bound_to(name: str) -> bytes:
    """Give the authenticated data of a secret's wrapping."""
    return b"nexus.vault.v1 " + name.encode()


async def _keep(
    tx: Transaction, vault: Vault, name: str, secret: bytes, public: bytes | None
) -> None:
    """Write a secret down, unless another worker was quicker: then theirs counts."""
    wrapped = vault.keys.wrap(secret, bound_to(name))
    row = {
        "name": name,
        "kid": wrapped.kid,
        "wrap_nonce": wrapped.wrap_nonce,
        "wrapped": wrapped.wrapped_dek,
        "public": public,
    }
    await tx.execute(insert(VaultSecret).values(row).on_conflict_do_nothing())


async def _open(tx: Transaction, vault: Vault, name: str) -> bytes:
    row = await tx.get_one(VaultSecret, name, populate_existing=True)
    wrapped = Wrapped(row.kid, row.wrap_nonce, row.wrapped)
    return vault.keys.unwrap(wrapped, bound_to(name))
