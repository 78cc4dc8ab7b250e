"""How are an authenticator's secrets kept? Sealed with a key that only the web process derives.

The worker's key would open exchange keys too, so this one comes from the session secret instead:
whoever reads the table reads no secret, and a row moved to another person does not open.
"""

import json
import os
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE: Final = "nexus.totp.v1"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


def seal(session_secret: bytes, user_id: int, secret: bytes) -> bytes:
    """Give the nonce and the sealed secret of one person, as one value to store."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(session_secret).encrypt(nonce, secret, _belongs_to(user_id))


def unseal(session_secret: bytes, user_id: int, sealed: bytes) -> bytes:
    """Open what `seal` gave.

    Raises `cryptography.exceptions.InvalidTag` when it was changed, belongs to somebody else, or
    was sealed under another session secret.
    """
    nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    return _cipher(session_secret).decrypt(nonce, content, _belongs_to(user_id))


def _cipher(session_secret: bytes) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE.encode())
    return AESGCM(derived.derive(session_secret))


def _belongs_to(user_id: int) -> bytes:
    return json.dumps([PURPOSE, user_id]).encode()
