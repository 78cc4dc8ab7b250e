"""Which OpenID issuers may sign people in here, and what do they say about themselves?

What an issuer publishes is asked for when it is needed and kept for an hour: where people are
sent, where codes are exchanged, and the keys it signs with.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import structlog

from nexus.accounts.errors import IssuerAwayError
from nexus.settings.openid import OpenIdSettings, issuer_address

log = structlog.get_logger()

ANSWER_SECONDS: Final = 5
KEPT_SECONDS: Final = 60 * 60
KEYS_ASKED_EVERY: Final = 60
"""How often a key we do not know makes us ask again: else anybody's token could make us hammer."""

GOOGLE: Final = "google"
ONE_MORE: Final = "oidc"

Key = dict[str, Any]
"""A public key as JSON (RFC 7517)."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Somebody whose word on who a person is we take, and what we are to them."""

    name: str
    """In our addresses, and in what is written down: `google` or `oidc`."""
    label: str
    """What people call it."""
    address: str
    """What it calls itself, to the letter."""
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an issuer publishes about itself (OpenID Connect Discovery 1.0, RFC 8414)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    secret_in_body: bool
    """Whether it takes our secret as a form's field, where nothing needs to be escaped."""
    names_itself: bool
    """Whether it says with every answer who it is (RFC 9207)."""


def known_issuers(settings: OpenIdSettings) -> list[Issuer]:
    """List what is configured; each is a button."""
    known = []
    if settings.google_client_id:
        secret = settings.google_client_secret.get_secret_value()
        known.append(
            Issuer(GOOGLE, "Google", settings.google_issuer, settings.google_client_id, secret)
        )
    if settings.oidc_issuer:
        secret = settings.oidc_client_secret.get_secret_value()
        label = settings.oidc_name
        known.append(Issuer(ONE_MORE, label, settings.oidc_issuer, settings.oidc_client_id, secret))
    return known


class Publications:
    """What one issuer publishes, asked for once and kept for a while."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._asking = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._keys: list[Key] = []
        self._metadata_at = self._keys_at = -float("inf")

    async def metadata(self) -> Metadata:
        """Say where the issuer's doors are; raise IssuerAwayError."""
        async with self._asking:
            if self._metadata is None or _age(self._metadata_at) > KEPT_SECONDS:
                address = self._issuer.address.rstrip("/") + "/.well-known/openid-configuration"
                self._metadata = self._read(await self._get(address))
                self._metadata_at = time.monotonic()
            return self._metadata

    async def keys(self, key_id: str | None) -> list[Key]:
        """Give the issuer's keys, asked for anew when none has this id; raise IssuerAwayError."""
        metadata = await self.metadata()
        async with self._asking:
            known = any(key.get("kid") == key_id for key in self._keys)
            if _age(self._keys_at) > (KEPT_SECONDS if known else KEYS_ASKED_EVERY):
                published = (await self._get(metadata.jwks_uri)).get("keys")
                if not isinstance(published, list):
                    raise self._away("its keys are not a list")
                self._keys = [key for key in published if isinstance(key, dict)]
                self._keys_at = time.monotonic()
            return self._keys

    def _read(self, said: dict[str, Any]) -> Metadata:
        """Take what we need of a discovery document, when it is the issuer's own."""
        if said.get("issuer") != self._issuer.address:
            raise self._away("it publishes another issuer's name")
        methods = said.get("token_endpoint_auth_methods_supported")
        return Metadata(
            authorization_endpoint=self._door(said, "authorization_endpoint"),
            token_endpoint=self._door(said, "token_endpoint"),
            jwks_uri=self._door(said, "jwks_uri"),
            userinfo_endpoint=(
                self._door(said, "userinfo_endpoint") if "userinfo_endpoint" in said else ""
            ),
            secret_in_body=isinstance(methods, list) and "client_secret_post" in methods,
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        )

    def _door(self, said: dict[str, Any], name: str) -> str:
        """Take an address we would send people or secrets to: never without https."""
        address = said.get(name)
        try:
            issuer_address(str(address).partition("?")[0])
        except ValueError:
            raise self._away(f"its {name} is not an address we may use") from None
        if urlsplit(self._issuer.address).scheme == "https" and not str(address).startswith(
            "https://"
        ):
            raise self._away(f"its {name} is not https")
        return str(address)

    async def _get(self, address: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), httpx2.AsyncClient() as http:
                answer = await http.get(address, timeout=ANSWER_SECONDS)
                answer.raise_for_status()
                said = answer.json()
        except (httpx2.HTTPError, TimeoutError, ValueError) as error:
            raise self._away(type(error).__name__) from None
        if not isinstance(said, dict):
            raise self._away("it does not answer with an object")
        return said

    def _away(self, reason: str) -> IssuerAwayError:
        log.warning("issuer_away", issuer=self._issuer.name, reason=reason)
        return IssuerAwayError(self._issuer.label)


def _age(moment: float) -> float:
    return time.monotonic() - moment
