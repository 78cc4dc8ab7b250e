"""Carry one request to Binance and bring the reply: one session for all accounts, no retries.

Nothing here judges an order. It says whether a request surely never left (NotStartedError),
whether nobody knows (LostError), or what came back (Reply).
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import aiohttp
import certifi
from yarl import URL

from nexus.exchanges.binance_outcome import TOO_MANY_ORDERS, UNREADABLE, Reply, stay_away
from nexus.exchanges.governor import Governor
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.exchanges.unlock import LockedKey

TIMEOUT_SECONDS: Final = 15
"""Longer than the exchange's own 10 s, so that its answer about a timeout still reaches us."""
LARGEST_BODY = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing to ask: CCXT's section, the method and path, and Binance's weight."""

    section: str
    method: str
    path: str
    weight: int


TIME = Endpoint("public", "GET", "time", 1)
EXCHANGE_INFO = Endpoint("public", "GET", "exchangeInfo", 20)
TICKERS = Endpoint("public", "GET", "ticker/24hr", 2)
KLINES = Endpoint("public", "GET", "klines", 2)
NEW_ORDER = Endpoint("private", "POST", "order", 1)
QUERY_ORDER = Endpoint("private", "GET", "order", 4)
TRADES_OF_ORDER = Endpoint("private", "GET", "myTrades", 5)
ACCOUNT = Endpoint("private", "GET", "account", 20)
RESTRICTIONS = Endpoint("sapi", "GET", "account/apiRestrictions", 1)


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to leave; it may carry a signature, so it is never shown."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None

    def __repr__(self) -> str:
        return f"Request({self.method})"


class RequestBuilder(Protocol):
    """Whoever knows Binance's addresses and signatures."""

    def build(
        self, endpoint: Endpoint, params: Mapping[str, Any], key: LockedKey | None
    ) -> Request:
        """Write the request, signed when there is a key. Raises KeyLockedError."""
        ...


class NotStartedError(Exception):
    """No connection came about: the request surely did not reach the exchange."""


class LostError(Exception):
    """The request left and no answer came: nobody knows what became of it."""


class BinanceWire:
    """The connection of one egress to one Binance address."""

    def __init__(
        self,
        builder: RequestBuilder,
        governor: Governor,
        egress: str,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.builder = builder
        self.governor = governor
        self.egress = egress
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
        grant = await self.governor.take(1, endpoint.weight, exits=urgent)
        if not grant.requests:
            raise ExchangeAwayError(
                f"{self.egress} may ask {self.governor.name} again in {grant.retry_after:.0f} s."
            )
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
                allow_redirects=False,
            ) as response:
                reply = Reply(response.status, response.headers, await _read_body(response))
        except aiohttp.ClientConnectorError as error:
            raise NotStartedError(f"no connection ({type(error).__name__})") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LostError(f"no answer ({type(error).__name__})") from error
        await self._heed(reply)
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

    async def _heed(self, reply: Reply) -> None:
        """Take in what the exchange says about our use of it."""
        self.governor.hear(reply.headers)
        seconds = stay_away(reply)
        if seconds and reply.code != TOO_MANY_ORDERS:
            await self.governor.pause(seconds)


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
