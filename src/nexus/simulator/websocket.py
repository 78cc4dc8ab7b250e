"""How does a WebSocket connection to `/ws-api/v3` live: opened, read, written, pinged, closed?"""

import asyncio
import contextlib
import time

import orjson
from aiohttp import WSMessage, WSMsgType, web

from nexus.simulator.connection import Connection
from nexus.simulator.errors import ApiError
from nexus.simulator.exchange import Exchange
from nexus.simulator.request import answer_request

SOCKET_PATH = "/ws-api/v3"
LONGEST_MESSAGE = 1 << 20
# Binance pings every 20 s, and hangs up on who has not answered for a minute.
PING_EVERY, PATIENCE = 20.0, 60.0


async def serve_socket(
    exchange: Exchange, request: web.BaseRequest, query: str
) -> web.StreamResponse:
    """Take a connection in and keep it until either side ends it."""
    address, now = request.remote or "", exchange.now()
    try:
        exchange.governor.admit_connection(address, now)
    except ApiError as refused:
        return _refuse(refused)
    socket = web.WebSocketResponse(autoping=False, max_msg_size=LONGEST_MESSAGE)
    if not socket.can_prepare(request):
        return web.Response(text="Upgrade to a WebSocket.", status=426)
    await socket.prepare(request)
    connection = exchange.streams.open(
        address, now, shows_limits="returnRateLimits=false" not in query
    )
    try:
        await _Line(exchange, connection, socket, request).live()
    finally:
        exchange.streams.forget(connection, exchange.now())
    return socket


class _Line:
    """The three things that happen at once on an open connection, and its end."""

    def __init__(
        self,
        exchange: Exchange,
        connection: Connection,
        socket: web.WebSocketResponse,
        request: web.BaseRequest,
    ) -> None:
        self.exchange = exchange
        self.connection = connection
        self.socket = socket
        self.transport = request.transport
        self._heard = time.monotonic()

    async def live(self) -> None:
        jobs = [
            asyncio.create_task(job)
            for job in (self._read(), self._write(), self._ping(), self._break_off())
        ]
        try:
            # Whichever ends first ends the connection.
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _read(self) -> None:
        async for message in self.socket:
            await self._take(message)

    async def _take(self, message: WSMessage) -> None:
        if message.type is WSMsgType.TEXT:
            self.exchange.advance()
            answer_request(self.exchange, self.connection, message.data)
        elif message.type is WSMsgType.PING:
            await self.socket.pong(message.data)
        elif message.type is WSMsgType.PONG:
            self._heard = time.monotonic()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while (message := await self.connection.line.get()) is not None:
                await self.socket.send_frame(message, WSMsgType.TEXT)
            await self.socket.close(code=self.connection.close_code)

    async def _ping(self) -> None:
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - self._heard < PATIENCE:
                await asyncio.sleep(PING_EVERY)
                await self.socket.ping(str(self.exchange.now()).encode())
        self._abort()

    async def _break_off(self) -> None:
        await self.connection.aborted.wait()
        self._abort()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def _refuse(refused: ApiError) -> web.Response:
    content = orjson.dumps({"code": refused.code, "msg": refused.message})
    return web.Response(
        body=content,
        status=refused.status,
        headers=refused.headers,
        content_type="application/json",
    )
