"""How does an OpenID issuer tell us who somebody is? We ask by way of their browser.

The browser goes there with a question and comes back with a code; we exchange the code, over a
connection of our own, for a signed answer (the authorization code flow with PKCE).
"""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus

import httpx2
import structlog
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError

from nexus.accounts.errors import IssuerAwayError, IssuerRefusedError
from nexus.accounts.id_token import Expected, TokenRefusedError, check_id_token
from nexus.accounts.issuers import ANSWER_SECONDS, Issuer, Metadata, Publications, known_issuers
from nexus.core.clock import now
from nexus.settings.openid import OpenIdSettings

log = structlog.get_logger()

SCOPE: Final = "openid email profile"
OURS_TO_ESCAPE: Final = "client_secret_basic_escaped"
LONGEST_SUBJECT: Final = 255
LEEWAY_SECONDS: Final = 60
"""How far an issuer's clock may be off ours."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser is sent to an issuer with; it comes back with the answer to this only."""

    state: str = field(repr=False)
    redirect_uri: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    """What only we know of the PKCE challenge: a code stolen on its way is worth nothing."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom an issuer vouches for."""

    issuer: Issuer
    subject: str
    """Who it is to the issuer, for good; the address may change, and may pass to somebody else."""
    email: str
    email_verified: bool
    display_name: str
    signed_in_at: int | None
    """When they last proved themselves there, in seconds since 1970, if the issuer says so."""

    def proved_since(self, moment: float) -> bool:
        """Say whether they proved themselves there since `moment`, in seconds since 1970.

        An issuer that does not say when it was has only remembered them, for all we know.
        """
        at = self.signed_in_at
        return (
            at is not None and moment - LEEWAY_SECONDS <= at <= now().timestamp() + LEEWAY_SECONDS
        )


class OpenIdClient:
    """Speaks with one issuer."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self._publications = Publications(issuer)

    async def ask(self, question: Question, *, fresh: bool = False) -> str:
        """Give the address to send the browser to; raise IssuerAwayError.

        With `fresh` the issuer shall have the person prove themselves again, not remember them.
        """
        metadata = await self._publications.metadata()
        again = {"prompt": "login", "max_age": "0"} if fresh else {}
        async with self._http(metadata) as http:
            address, _ = http.create_authorization_url(
                metadata.authorization_endpoint,
                state=question.state,
                code_verifier=question.verifier,
                redirect_uri=question.redirect_uri,
                nonce=question.nonce,
                **again,
            )
        return str(address)

    async def check_sender(self, named: str) -> None:
        """Demand that the answer comes from this issuer, where it says who it is (RFC 9207).

        Raises IssuerRefusedError: else one issuer could pass its answers off as another's.
        """
        metadata = await self._publications.metadata()
        if (named or metadata.names_itself) and named != self.issuer.address:
            raise self._refused("iss")

    async def exchange(self, question: Question, code: str) -> Vouched:
        """Exchange the code for whom the issuer vouches for.

        Raises IssuerRefusedError or IssuerAwayError. No transaction may be open: this waits.
        """
        metadata = await self._publications.metadata()
        try:
            async with asyncio.timeout(3 * ANSWER_SECONDS), self._http(metadata) as http:
                tokens = await http.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=question.redirect_uri,
                    code_verifier=question.verifier,
                )
                access_token = str(tokens.get("access_token", ""))
                claims = await check_id_token(
                    str(tokens.get("id_token", "")),
                    self.issuer,
                    Expected(question.nonce, access_token),
                    self._publications.keys,
                )
                person = await self._complete(http, metadata, claims, access_token)
        except TokenRefusedError as error:
            raise self._refused(str(error)) from None
        except OAuthError as error:
            raise self._refused(str(error.error)[:40]) from None
        except (httpx2.HTTPError, TimeoutError, ValueError) as error:
            log.warning("issuer_away", issuer=self.issuer.name, reason=type(error).__name__)
            raise IssuerAwayError(self.issuer.label) from None
        return self._vouched(claims, person)

    async def _complete(
        self,
        http: AsyncOAuth2Client,
        metadata: Metadata,
        claims: Mapping[str, Any],
        access_token: str,
    ) -> Mapping[str, Any]:
        """Ask for the address where the token leaves it out, as strict issuers do."""
        if "email" in claims or not metadata.userinfo_endpoint:
            return claims
        answer = await http.request(
            "GET",
            metadata.userinfo_endpoint,
            withhold_token=True,
            headers={"Authorization": f"Bearer {access_token}"},
        )
        answer.raise_for_status()
        told = answer.json()
        # Without this, one person's token could be shown with another person's address.
        if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
            raise TokenRefusedError("userinfo")
        return told

    def _vouched(self, claims: Mapping[str, Any], person: Mapping[str, Any]) -> Vouched:
        subject, signed_in_at = claims["sub"], claims.get("auth_time")
        if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
            raise self._refused("sub")
        return Vouched(
            issuer=self.issuer,
            subject=subject,
            email=_text(person.get("email")),
            # Only the word itself: "false" is true to a careless reader.
            email_verified=person.get("email_verified") is True,
            display_name=_text(person.get("name")),
            signed_in_at=signed_in_at if isinstance(signed_in_at, int) else None,
        )

    def _http(self, metadata: Metadata) -> AsyncOAuth2Client:
        method = "client_secret_post" if metadata.secret_in_body else OURS_TO_ESCAPE
        http = AsyncOAuth2Client(
            client_id=self.issuer.client_id,
            client_secret=self.issuer.client_secret,
            token_endpoint_auth_method=method,
            code_challenge_method="S256",
            scope=SCOPE,
            timeout=ANSWER_SECONDS,
        )
        http.register_client_auth_method((OURS_TO_ESCAPE, _basic))
        return http

    def _refused(self, reason: str) -> IssuerRefusedError:
        log.warning("issuer_refused", issuer=self.issuer.name, reason=reason)
        return IssuerRefusedError(self.issuer.label)


def open_clients(settings: OpenIdSettings) -> dict[str, OpenIdClient]:
    """Give a client for each issuer that is configured, by its name; nothing is sent yet."""
    return {issuer.name: OpenIdClient(issuer) for issuer in known_issuers(settings)}


def _basic(client: Any, _method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:
    """Send id and secret escaped, as RFC 6749 (2.3.1) has it and Authlib does not."""
    login = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
    return uri, headers, body


def _text(value: Any) -> str:
    """Take what shall be text; anything else counts as nothing said."""
    return value.strip() if isinstance(value, str) and value.isprintable() else ""
