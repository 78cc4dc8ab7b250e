"""How does an HTTP request go wrong on purpose, before it runs or after?"""

import asyncio

import orjson
from aiohttp import web

from nexus.simulator.babble import BODIES
from nexus.simulator.exchange import Exchange
from nexus.simulator.faults import (
    AFTER,
    BABBLE,
    BEFORE,
    FAIL,
    GARBLE,
    HANG,
    LATENCY,
    RESET,
    TRUNCATE,
    Fault,
)

TOO_MANY, BANNED = 429, 418


class Spoiler:
    """What may happen to one request; without a fault that fits, nothing does."""

    def __init__(
        self, exchange: Exchange, request: web.BaseRequest, name: str, key: str | None
    ) -> None:
        self._exchange = exchange
        self._request = request
        self._name = name
        api_key = exchange.keys.get(key or "")
        self._uid = api_key.uid if api_key else None

    async def before(self) -> web.Response | None:
        """Wait, refuse or break off before anything has happened; None lets the request in."""
        if late := self._take((LATENCY,)):
            await asyncio.sleep(late.seconds)
        fault = self._take(BEFORE)
        if fault is None:
            return None
        return self._break_off() if fault.kind == RESET else _refusal(fault)

    async def after(self, answer: web.Response) -> web.StreamResponse:
        """Give the answer on, or spoil it; whatever was asked has been done by now."""
        fault = self._take(AFTER)
        if fault is None:
            return answer
        if fault.kind == FAIL:
            return _refusal(fault)
        body = answer.body if isinstance(answer.body, bytes) else b""
        if fault.kind == GARBLE:
            answer.body = body[: len(body) // 2]
            return answer
        if fault.kind == BABBLE:
            answer.body = BODIES[fault.body](body)
            return answer
        if fault.kind == TRUNCATE:
            return await self._truncate(answer, body)
        if fault.kind == HANG:
            await asyncio.sleep(fault.seconds)
        return self._break_off()

    def _take(self, kinds: tuple[str, ...]) -> Fault | None:
        fault = self._exchange.faults.take(kinds, self._name, self._uid)
        if fault is not None:
            self._exchange.note_fault(fault, self._name, self._uid)
        return fault

    async def _truncate(self, answer: web.Response, body: bytes) -> web.StreamResponse:
        """Promise the whole length, send half of it and close."""
        cut = web.StreamResponse(status=answer.status, headers=answer.headers)
        cut.content_length = len(body)
        await cut.prepare(self._request)
        await cut.write(body[: len(body) // 2])
        if self._request.transport is not None:
            self._request.transport.close()
        return cut

    def _break_off(self) -> web.Response:
        if self._request.transport is not None:
            self._request.transport.abort()
        # Nobody hears it any more; aiohttp wants something to hold.
        return web.Response()


def _refusal(fault: Fault) -> web.Response:
    content = orjson.dumps({"code": fault.code, "msg": fault.msg})
    answer = web.Response(body=content, status=fault.status, content_type="application/json")
    if fault.status in (TOO_MANY, BANNED):
        answer.headers["Retry-After"] = str(round(fault.seconds))
    return answer
