"""Who plays an OpenID issuer that lies? Ours: real HTTP, real signatures, and one thing wrong."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from aiohttp import web
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import select, update

from nexus.accounts.consent import accept, today
from nexus.accounts.models import Session, User
from nexus.core.clock import now
from tests.website import Browser, Website

CLIENT_ID = "nexus at: the issuer"
CLIENT_SECRET = "a secret / with: signs+that%need care"
SUBJECT = "110169484474386276334"

Claims = dict[str, Any]
Key = RSAKey | ECKey | OKPKey

GO_THERE = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')


def make_key(algorithm: str, key_id: str = "1") -> Key:
    options: dict[str, Any] = {"parameters": {"kid": key_id, "use": "sig"}}
    if algorithm == "RS256":
        return RSAKey.generate_key(2048, **options)
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", **options)
    return OKPKey.generate_key("Ed25519", **options)


@dataclass
class TestIssuer:
    """An issuer that says what a test wants it to say."""

    __test__ = False

    address: str = ""
    algorithm: str = "ES256"
    keys: list[Key] = field(default_factory=list)
    metadata: Claims = field(default_factory=dict)
    """What its discovery document says besides the usual; None leaves a field out."""
    claims: Claims = field(default_factory=dict)
    """What its tokens say besides the usual; None leaves a claim out."""
    told: Claims = field(default_factory=dict)
    """What is at its userinfo endpoint."""
    sign: Callable[[Claims, "TestIssuer"], str] | None = None
    """Signs a token in another way."""
    names_itself: str | None = None
    """The `iss` it sends browsers back with."""
    broken: str = ""
    """The part of its address that answers with an outage."""
    asked: list[str] = field(default_factory=list)
    """The paths it was asked for."""
    questions: dict[str, dict[str, str]] = field(default_factory=dict)
    """What each code it gave out is the answer to."""
    logins: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.keys[0]

    def answer(self, address: str) -> str:
        """Do what a person does there: say yes. Give the address the browser is sent back to."""
        question = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(8)
        self.questions[code] = question
        query = {"code": code, "state": question["state"]}
        if self.names_itself is not None:
            query["iss"] = self.names_itself
        return str(httpx.URL(question["redirect_uri"], params=query))

    def token(self, question: dict[str, str], access_token: str) -> str:
        moment = int(now().timestamp())
        digest = (hashlib.sha512 if self.algorithm.startswith("Ed") else hashlib.sha256)(
            access_token.encode()
        ).digest()
        claims: Claims = {
            "iss": self.address,
            "sub": SUBJECT,
            "aud": CLIENT_ID,
            "exp": moment + 300,
            "iat": moment,
            "nonce": question["nonce"],
            "at_hash": _encoded(digest[: len(digest) // 2]),
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada L.",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.sign:
            return self.sign(claims, self)
        header = {"alg": self.algorithm, "kid": self.key.kid}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # EdDSA has a newer name.
            return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])

    # ------------------------------------------------------------------------------ its doors
    async def discovery(self, _request: web.Request) -> web.Response:
        said = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "userinfo_endpoint": f"{self.address}/userinfo",
            **self.metadata,
        }
        return web.json_response({n: value for n, value in said.items() if value is not None})

    async def publish_keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def exchange(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.logins.append(request.headers.get("Authorization", ""))
        question = self.questions.pop(str(form.get("code")), None)
        if question is None or not self._is_proven(question, str(form.get("code_verifier"))):
            return web.json_response({"error": "invalid_grant"}, status=400)
        access_token = secrets.token_urlsafe(8)
        token = self.token(question, access_token)
        return web.json_response(
            {"access_token": access_token, "token_type": "Bearer", "id_token": token}
        )

    async def userinfo(self, _request: web.Request) -> web.Response:
        return web.json_response(self.told)

    def _is_proven(self, question: dict[str, str], verifier: str) -> bool:
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        challenge = question.get("code_challenge"), question.get("code_challenge_method")
        return challenge == (digest.decode().rstrip("="), "S256")

    @web.middleware
    async def _count(
        self, request: web.Request, handler: Callable[[web.Request], Any]
    ) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.broken and self.broken in request.path:
            return web.Response(status=503, text="We are out.")
        answer: web.StreamResponse = await handler(request)
        return answer


@asynccontextmanager
async def running_issuer(algorithm: str = "ES256") -> AsyncIterator[TestIssuer]:
    """Run an issuer on a free port."""
    issuer = TestIssuer(algorithm=algorithm, keys=[make_key(algorithm)])
    app = web.Application(middlewares=[issuer._count])
    app.router.add_get("/.well-known/openid-configuration", issuer.discovery)
    app.router.add_get("/keys", issuer.publish_keys)
    app.router.add_post("/token", issuer.exchange)
    app.router.add_get("/userinfo", issuer.userinfo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.address = str(site.name)
    try:
        yield issuer
    finally:
        await runner.cleanup()


def by_alg_none(claims: Claims, _issuer: TestIssuer) -> str:
    """Write a token that nobody signed."""
    return f"{_unsigned({'alg': 'none'}, claims)}."


def by_public_key(claims: Claims, issuer: TestIssuer) -> str:
    """Sign with what everybody can read, as if it were a shared secret."""
    unsigned = _unsigned({"alg": "HS256", "kid": issuer.key.kid}, claims)
    public = issuer.key.as_pem(private=False)
    return f"{unsigned}.{_encoded(hmac.digest(public, unsigned.encode(), 'sha256'))}"


def _unsigned(header: Claims, claims: Claims) -> str:
    """Write a token's first two parts by hand: the library refuses to sign what follows."""
    return ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def by_a_stranger(claims: Claims, issuer: TestIssuer) -> str:
    """Sign with another key under the known name."""
    stranger = make_key(issuer.algorithm, str(issuer.key.kid))
    header = {"alg": issuer.algorithm, "kid": issuer.key.kid}
    return jwt.encode(header, claims, stranger, algorithms=[issuer.algorithm])


# ------------------------------------------------------------------------------ the browser's way
async def leave(browser: Browser, start: str = "/openid/oidc/start", page: str = "/sign-in") -> str:
    """Press the button; give the issuer's address the browser is taken to."""
    token = await browser.token(page)
    fields = {} if "link" in start else {"next": "/bots/new"}
    answer = await browser.send(start, token, **fields)
    found = GO_THERE.search(answer.text)
    assert found, f"{answer.status_code}: {answer.text}"
    return unescape(found[1])


async def come_back(browser: Browser, address: str) -> httpx.Response:
    """Follow the issuer's redirect; the tests' server listens elsewhere than its base URL says."""
    parts = urlsplit(address)
    return await browser.get(f"{parts.path}?{parts.query}")


async def sign_in(browser: Browser, issuer: TestIssuer) -> httpx.Response:
    """Go all the way."""
    return await come_back(browser, issuer.answer(await leave(browser)))


def settings_of(issuer: TestIssuer) -> dict[str, str]:
    """Give the settings that make it one of ours."""
    return {
        "oidc_issuer": issuer.address,
        "oidc_name": "Example Co.",
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
    }


async def accept_all(website: Website) -> None:
    """Let everybody have accepted today's documents."""
    async with website.database.transaction() as tx:
        for person in await tx.scalars(select(User.id)):
            await accept(tx, person, today(), network="")


async def make_stale(website: Website) -> None:
    """Let everybody's last proof be six minutes old."""
    async with website.database.transaction() as tx:
        await tx.execute(update(Session).values(proven_at=now() - timedelta(minutes=6)))
