"""Hear what happens to up to 1,000 Binance accounts over one connection, for as long as wanted.

A connection breaks, is cut after a day, or is told to go. Each time it is made again, every
account is subscribed again, and what was missed is said, so that somebody asks for it.
"""

import asyncio
import json
import secrets
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

import aiohttp
import certifi
import structlog

from nexus.exchanges.answers import UnreadableError
from nexus.exchanges.asked import Asked
from nexus.exchanges.binance_outcome import BANNED, CLOCK_REFUSED, KEY_INVALID, PAUSES
from nexus.exchanges.binance_stream_events import ENDED, GOING_AWAY, read_event
from nexus.exchanges.binance_subscribe import write_end, write_subscription
from nexus.exchanges.errors import KeyLockedError
from nexus.exchanges.governor import USED_WEIGHT
from nexus.exchanges.protocol import Account, ExchangeAwayError
from nexus.exchanges.rests import Rests, pause_seconds
from nexus.exchanges.signed_venue import Lane
from nexus.exchanges.unlock import KeyReader
from nexus.exchanges.user_stream import Deaf, Missed, Tell

log = structlog.get_logger()

MOST_ACCOUNTS = 1_000
"""Active subscriptions that Binance allows on one connection."""
WEIGHT = 2
"""What connecting, and each subscription, costs of the address's budget."""
AT_ONCE = 50
"""Subscriptions that are under way at the same time."""
ANSWER_SECONDS = 15.0
HEARTBEAT_SECONDS = 20.0
LIFE_SECONDS = 23 * 3600
"""Binance cuts at 24 hours; going earlier, at a time of our own, keeps connections apart."""
STEADY_SECONDS = 60.0
"""A connection that lived so long was a good one: the next is tried at once."""
CLOCK_REST_SECONDS = 1.0
REST_SECONDS = 60.0
KEY_REST_SECONDS = 600.0
"""How long an account is left alone whose subscription, or whose key, was refused."""


class BinanceStream:
    """One connection by one egress. `want` says whose events; `run` keeps it alive."""

    def __init__(
        self, lane: Lane, keys: KeyReader, address: str, window_ms: int, tell: Tell
    ) -> None:
        self.lane = lane
        self.keys = keys
        self.address = address
        self.window_ms = window_ms
        self.tell = tell
        self.heard: dict[int, Account] = {}
        """The accounts that are subscribed now."""
        self._wanted: dict[int, Account] = {}
        self._numbers: dict[int, int] = {}
        self._asked = Asked()
        self._rests = Rests()
        self._changed = asyncio.Event()
        self._failures = 0

    def want(self, accounts: Iterable[Account]) -> None:
        """Say whose events are wanted from now on. A new version of a key is subscribed anew."""
        wanted = {account.id: account for account in accounts}
        if wanted != self._wanted:
            self._wanted = wanted
            self._changed.set()

    async def run(self) -> None:
        """Listen until cancelled, whatever breaks."""
        tls = ssl.create_default_context(cafile=certifi.where())
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls), cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            while True:
                began = monotonic()
                try:
                    await self._live(session)
                    why = "ended"
                except (aiohttp.ClientError, ExchangeAwayError, OSError, TimeoutError) as error:
                    # Only its class: the words of a failed proxy name its password.
                    why = type(error).__name__
                except KeyLockedError as error:
                    why = str(error)
                except Exception:
                    log.exception("stream_failed", egress=self.lane.wire.egress.name)
                    why = "failed"
                self.heard.clear()
                steady = monotonic() - began > STEADY_SECONDS
                self._failures = 0 if steady else self._failures + 1
                pause = pause_seconds(self._failures)
                log.info("stream_lost", accounts=len(self._wanted), why=why, again_in=pause)
                await asyncio.sleep(pause)

    async def _live(self, session: aiohttp.ClientSession) -> None:
        """Connect, subscribe and listen until either side has had enough."""
        self._numbers, self._asked = {}, Asked()
        await self._set_aside()
        try:
            socket = await session.ws_connect(
                self.address,
                proxy=self.lane.wire.egress.proxy,
                heartbeat=HEARTBEAT_SECONDS,
                timeout=aiohttp.ClientWSTimeout(ws_close=2),
            )
        except aiohttp.WSServerHandshakeError as error:
            told = error.headers.get("Retry-After", "") if error.headers else ""
            await self._pause_egress(error.status, int(told) if told.isdecimal() else 0)
            raise
        async with socket:
            jobs = {
                asyncio.create_task(self._keep_subscribed(socket)),
                asyncio.create_task(self._read(socket)),
            }
            try:
                done, _ = await asyncio.wait(
                    jobs, timeout=_life_seconds(), return_when=asyncio.FIRST_COMPLETED
                )
                for job in done:
                    job.result()
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)

    async def _set_aside(self) -> None:
        """Wait until this address may connect, within its budget."""
        governor = self.lane.wire.governor
        while True:
            grant = await governor.take(1, WEIGHT)
            if grant.requests:
                return
            await asyncio.sleep(grant.retry_after)

    # Subscribing.

    async def _keep_subscribed(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Keep what is subscribed equal to what is wanted, a part at a time."""
        while True:
            self._changed.clear()
            await self._end_unwanted(socket)
            if part := self._not_heard()[:AT_ONCE]:
                await self._subscribe(socket, part)
                continue
            with suppress(TimeoutError):
                wait = self._rests.shortest_seconds(self._silent())
                await asyncio.wait_for(self._changed.wait(), wait)

    async def _end_unwanted(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        for number, account_id in list(self._numbers.items()):
            if self.heard.get(account_id) != self._wanted.get(account_id):
                del self._numbers[number]
                self.heard.pop(account_id, None)
                await socket.send_str(write_end(self._asked.name(None), number))
                await self._asked.all_answered(ANSWER_SECONDS)

    def _not_heard(self) -> list[Account]:
        """List who is wanted, not subscribed, and may be tried."""
        return [one for one in self._silent() if self._rests.may_try(one)]

    def _silent(self) -> list[Account]:
        return [one for one in self._wanted.values() if one.id not in self.heard]

    async def _subscribe(
        self, socket: aiohttp.ClientWebSocketResponse, accounts: list[Account]
    ) -> None:
        """Ask for the events of some accounts, as many as the budget allows now."""
        governor = self.lane.wire.governor
        grant = await governor.take(len(accounts), WEIGHT)
        for account, request in await self._write(accounts[: grant.requests]):
            await socket.send_str(request)
            self._rests.end(account)
        await self._asked.all_answered(ANSWER_SECONDS)
        if grant.retry_after:
            await asyncio.sleep(grant.retry_after)

    async def _write(self, accounts: list[Account]) -> list[tuple[Account, str]]:
        """Write and sign the requests; who has no key, or one that will not open, is left out."""
        keys = await self.keys(accounts)
        written = []
        for account in accounts:
            key = keys.get(account.id)
            if key is None or key.version != account.key_version:
                await self._rest(account, "its key has been removed or replaced", REST_SECONDS)
                continue
            stamp = await self.lane.clock.stamp()
            number = self._asked.name(account)
            try:
                written.append((account, write_subscription(number, key, stamp, self.window_ms)))
            except KeyLockedError as error:
                self._asked.answered(number)
                await self._rest(account, str(error), KEY_REST_SECONDS)
        return written

    async def _rest(
        self, account: Account, why: str, rest_seconds: float, *, key_refused: bool = False
    ) -> None:
        self.heard.pop(account.id, None)
        self._rests.begin(account, rest_seconds)
        log.warning("account_not_heard", account=account.id, why=why)
        await self.tell(Deaf(account.id, why, key_refused))

    # Listening.

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Read until the other side ends it, or says that it will."""
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            body = json.loads(message.data)
            event = body.get("event")
            if event is None:
                await self._take_answer(body)
            elif event.get("e") == GOING_AWAY:
                return
            else:
                await self._take_event(body.get("subscriptionId"), event)

    async def _take_event(self, number: int, event: Mapping[str, Any]) -> None:
        account = self.heard.get(self._numbers.get(number, -1))
        if account is None:
            return
        if event.get("e") == ENDED:
            del self._numbers[number]
            await self._rest(account, "the exchange ended it", REST_SECONDS, key_refused=True)
            self._changed.set()
            return
        try:
            fact = read_event(account.id, event)
        except UnreadableError as error:
            log.warning("event_not_read", account=account.id, kind=event.get("e"), error=str(error))
            fact = Missed(account.id)
        if fact is not None:
            await self.tell(fact)

    async def _take_answer(self, body: Mapping[str, Any]) -> None:
        """Take the answer to a request of ours. Raises ExchangeAwayError when it is to none."""
        self._hear_weight(body)
        account = self._asked.answered(body.get("id"))
        if account is None:
            return
        status = int(body.get("status", 0))
        if status == 200:  # noqa: PLR2004  HTTP's own number for "yes"
            self._numbers[int(body["result"]["subscriptionId"])] = account.id
            self.heard[account.id] = account
            self._failures = 0
            await self.tell(Missed(account.id))
            return
        await self._take_refusal(account, status, body.get("error") or {})

    async def _take_refusal(self, account: Account, status: int, error: Mapping[str, Any]) -> None:
        code, why = error.get("code"), str(error.get("msg", ""))[:200]
        if status in PAUSES:
            told = error.get("data") or {}
            seconds = (told.get("retryAfter", 0) - told.get("serverTime", 0)) / 1000
            await self._pause_egress(status, max(0, seconds))
        elif code == CLOCK_REFUSED:
            self.lane.clock.doubt()
            # The time is asked for again first; were it refused still, that must not go round.
            self._rests.begin(account, CLOCK_REST_SECONDS)
        elif code in KEY_INVALID:
            await self._rest(account, why, KEY_REST_SECONDS, key_refused=True)
        else:
            await self._rest(account, f"{code} {why}", REST_SECONDS)

    async def _pause_egress(self, status: int, wait_seconds: float) -> None:
        """Let the whole address be silent when it is told to; 0 when nobody said how long."""
        if status in PAUSES:
            wait = wait_seconds or PAUSES[status]
            await self.lane.wire.governor.pause(wait, banned=status == BANNED)

    def _hear_weight(self, body: Mapping[str, Any]) -> None:
        for limit in body.get("rateLimits") or ():
            if limit.get("rateLimitType") == "REQUEST_WEIGHT":
                self.lane.wire.governor.hear({USED_WEIGHT: str(limit.get("count", ""))})


def _life_seconds() -> int:
    return LIFE_SECONDS - secrets.randbelow(3600)
