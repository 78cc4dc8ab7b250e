"""Carry one request to an exchange and bring the reply: one session per egress, no retries.

Nothing here judges an order. It says whether a request surely never left (NotStartedError),
whether nobody knows (LostError), or what came back (Reply).
"""

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import aiohttp
import certifi
from yarl import URL

from nexus.exchanges.egress import Egress
from nexus.exchanges.governor import Governor
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.exchanges.unlock import LockedKey

TIMEOUT_SECONDS: Final = 15
"""Longer than the exchange's own 10 s, so that its answer about a timeout still reaches us."""
LARGEST_BODY = 16 * 1024 * 1024
BAD_REQUEST = 400
MESSAGE_LENGTH = 200
UNREADABLE: Final = object()
"""The body of a reply that is not whole, or not JSON."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing to ask: CCXT's section, the method and path, and what it weighs.

    A weight of 0 is not counted by address; it only respects the silence the exchange asked for.
    """

    section: str
    method: str
    path: str
    weight: int


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to leave; it may carry a signature, so it is never shown."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None

    def __repr__(self) -> str:
        return f"Request({self.method})"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status, headers, and the JSON body or UNREADABLE."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> int | None:
        """The exchange's own error code, if it gave one; OKX writes it as text, and 0 for none."""
        code = self.body.get("code") if isinstance(self.body, dict) else None
        if isinstance(code, str):
            return int(code) or None if code.isdecimal() else None
        return code if isinstance(code, int) else None

    @property
    def message(self) -> str:
        """The exchange's own words, cut to a sensible length."""
        return str(self.body.get("msg", ""))[:MESSAGE_LENGTH] if self.code is not None else ""

    @property
    def ok(self) -> bool:
        """Whether it is a readable answer to what was asked."""
        return self.status < BAD_REQUEST and self.body is not UNREADABLE and self.code is None


@dataclass(frozen=True, slots=True)
class Silence:
    """How long the exchange wants to hear nothing from this address, and whether it is a ban."""

    seconds: float
    banned: bool = False


Judge = Callable[[Reply], Silence | None]
"""Reads from a reply whether the whole address must be silent."""


class RequestBuilder(Protocol):
    """Whoever knows a venue's addresses and signatures."""

    def build(
        self, endpoint: Endpoint, params: Mapping[str, Any], key: LockedKey | None
    ) -> Request:
        """Write the request, signed when there is a key. Raises KeyLockedError."""
        ...


class NotStartedError(Exception):
    """No connection came about: the request surely did not reach the exchange."""


class LostError(Exception):
    """The request left and no answer came: nobody knows what became of it."""


class Wire:
    """The connection of one egress to one address of an exchange."""

    def __init__(
        self,
        builder: RequestBuilder,
        governor: Governor,
        egress: Egress,
        judge: Judge,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.builder = builder
        self.governor = governor
        self.egress = egress
        self.judge = judge
        self.timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        endpoint: Endpoint,
        params: Mapping[str, Any] | None = None,
        key: LockedKey | None = None,
        *,
        urgent: bool = True,
    ) -> Reply:
        """Ask something that changes nothing, within the budget; `urgent` may use all of it.

        Raises ExchangeAwayError and KeyLockedError.
        """
        wait = self.governor.paused_seconds()
        if endpoint.weight:
            grant = await self.governor.take(1, endpoint.weight, exits=urgent)
            wait = grant.retry_after
        if wait:
            told = f"{self.governor.name} may be asked again in {wait:.0f} s."
            raise ExchangeAwayError(told, wait)
        try:
            return await self.carry(self.builder.build(endpoint, params or {}, key))
        except (NotStartedError, LostError) as error:
            raise ExchangeAwayError(f"{endpoint.path}: {error}") from error

    async def carry(self, request: Request) -> Reply:
        """Send `request` once. Raises NotStartedError and LostError."""
        try:
            # A redirect is not followed: an order would be sent to a second address.
            async with self._open().request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                proxy=self.egress.proxy,
                allow_redirects=False,
            ) as response:
                reply = Reply(response.status, response.headers, await _read_body(response))
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
            # Without its cause, whose words name the proxy and its password.
            raise NotStartedError(f"no connection ({type(error).__name__})") from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LostError(f"no answer ({type(error).__name__})") from None
        self.governor.hear(reply.headers)
        silence = self.judge(reply)
        if silence is not None:
            await self.governor.pause(silence.seconds, banned=silence.banned)
        return reply

    async def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Open the one session, with one TLS context: setting that up costs 18 ms each time."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # No limit: a request that waits for a connection grows older than its stamp.
                connector=aiohttp.TCPConnector(
                    limit=0,
                    ttl_dns_cache=300,
                    ssl=ssl.create_default_context(cafile=certifi.where()),
                ),
                timeout=aiohttp.ClientTimeout(total=self.timeout_seconds),
                # Accounts share the session and must never share a cookie.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def _read_body(response: aiohttp.ClientResponse) -> Any:
    """Read the body's JSON; UNREADABLE when it is cut off, not JSON, or absurdly large."""
    try:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LARGEST_BODY:
                return UNREADABLE
        return json.loads(body)
    except (aiohttp.ClientPayloadError, ValueError, RecursionError):
        return UNREADABLE
