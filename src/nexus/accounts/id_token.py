"""Whom does an ID token vouch for? Only what the issuer signed for us, for this very sign-in.

Each check has its place in OpenID Connect Core 1.0, section 3.1.3.7.
"""

import base64
import hashlib
import hmac
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry
from joserfc.jwt import JWTClaimsRegistry

from nexus.accounts.issuers import Issuer, Key
from nexus.core.clock import now

LEEWAY_SECONDS: Final = 60

# Signatures of a key that only the issuer has. Never `none`, and never HS256, whose key is a
# secret that both sides know: taking it, we would take the issuer's public key for that secret.
ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
CURVES: Final = {"RSA": None, "EC": "P-256", "OKP": "Ed25519"}
HASHES: Final = {
    "RS256": hashlib.sha256,
    "ES256": hashlib.sha256,
    "EdDSA": hashlib.sha512,
    "Ed25519": hashlib.sha512,
}


class TokenRefusedError(Exception):
    """An ID token that vouches for nobody; the reason is for our log only."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say for it to be the answer to our question."""

    nonce: str
    access_token: str


FindKeys = Callable[[str | None], Awaitable[list[Key]]]


async def check_id_token(
    token: str, issuer: Issuer, expected: Expected, find_keys: FindKeys
) -> Mapping[str, Any]:
    """Give the token's claims; raise TokenRefusedError, or what `find_keys` raises."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        algorithm, key_id = _algorithm_of(header), _key_id_of(header)
        key = _pick(await find_keys(key_id), algorithm, key_id)
        claims = _open(token, key, algorithm)
        _claims_of(issuer).validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise TokenRefusedError(type(error).__name__) from None
    _check_audience(claims, issuer.client_id)
    _check_nonce(claims, expected.nonce)
    _check_access_token(claims, expected.access_token, algorithm)
    return claims


def _open(token: str, key: Key, algorithm: str) -> dict[str, Any]:
    """Give what was signed with this key, in this way only."""
    with warnings.catch_warnings():
        # RFC 9864 renamed EdDSA; issuers still write the old name, and mean Ed25519, see CURVES.
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.decode(token, JWKRegistry.import_key(key), algorithms=[algorithm]).claims


def _claims_of(issuer: Issuer) -> JWTClaimsRegistry:
    """Say what must be there: who says it, of whom, to whom, when and until when."""
    return JWTClaimsRegistry(
        now=lambda: int(now().timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer.address},
        sub={"essential": True},
        aud={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )


def _algorithm_of(header: Mapping[str, Any]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefusedError("algorithm")
    return algorithm


def _key_id_of(header: Mapping[str, Any]) -> str | None:
    key_id = header.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        raise TokenRefusedError("kid")
    return key_id


def _pick(keys: list[Key], algorithm: str, key_id: str | None) -> Key:
    """Find the one key that may have signed this; which one it was is never guessed."""
    fitting = [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("crv") == CURVES[ALGORITHMS[algorithm]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid") == key_id)
    ]
    if len(fitting) != 1:
        raise TokenRefusedError("key")
    return fitting[0]


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """Demand that it was made for us; one made for several must say that it was given to us."""
    audience, party = claims["aud"], claims.get("azp")
    audiences = [audience] if isinstance(audience, str) else audience
    if client_id not in audiences:
        raise TokenRefusedError("aud")
    if party != client_id and (party is not None or len(audiences) > 1):
        raise TokenRefusedError("azp")


def _check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    """Demand that it answers the question of this browser, not one that was asked elsewhere."""
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise TokenRefusedError("nonce")


def _check_access_token(claims: Mapping[str, Any], access_token: str, algorithm: str) -> None:
    """Where it says so, demand that the access token beside it is the one it came with."""
    given = claims.get("at_hash")
    if given is None:
        return
    digest = HASHES[algorithm](access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), half):
        raise TokenRefusedError("at_hash")
