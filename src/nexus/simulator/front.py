"""How is every HTTP request taken in and answered: found, run, refused, or spoilt on purpose?

One function sees every request: `Front.answer`. What is injected to go wrong happens around it.
"""

import orjson
from aiohttp import web

from nexus.simulator.endpoints import ENDPOINTS
from nexus.simulator.errors import ApiError, restricted_region
from nexus.simulator.exchange import Exchange
from nexus.simulator.params import Params
from nexus.simulator.serve_control import CONTROL, answer_control
from nexus.simulator.sign import sent_payload
from nexus.simulator.spoil import Spoiler
from nexus.simulator.visit import Claim, Visit
from nexus.simulator.websocket import SOCKET_PATH, serve_socket

JSON = "application/json"
CONTROL_PREFIX = "/simulator/"
FORBIDDEN, RESTRICTED = 403, 451


class Front:
    """The door of one exchange; `answer` is an aiohttp low-level handler."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        # The raw path and body, because signatures cover the bytes as they were sent.
        path, _, query = request.raw_path.partition("?")
        body = (await request.read()).decode(errors="replace") if request.body_exists else ""
        self.exchange.advance()
        if path.startswith(CONTROL_PREFIX):
            return self._control(request.method, path, query, body)
        if blocked := self._turn_away(request.remote or ""):
            return blocked
        if path == SOCKET_PATH:
            return await serve_socket(self.exchange, request, query)
        if (request.method, path) not in ENDPOINTS:
            return _unknown(path)
        return await self._visit(request, path, query, body)

    def _control(self, method: str, path: str, query: str, body: str) -> web.Response:
        if (method, path) not in CONTROL:
            return _unknown(path)
        status, content = answer_control(self.exchange, method, path, query, body)
        return web.Response(body=content, status=status, content_type=JSON)

    def _turn_away(self, address: str) -> web.Response | None:
        """Answer what the region or the firewall in front of the exchange would."""
        status = self.exchange.blocked.get(address) or self.exchange.blocked.get("*")
        if status is None:
            return None
        self.exchange.totals[f"answered_{status}"] += 1
        if status == FORBIDDEN:
            page = "<html><head><title>403 Forbidden</title></head><body></body></html>"
            return web.Response(text=page, status=FORBIDDEN, content_type="text/html")
        refused = restricted_region()
        content = orjson.dumps({"code": refused.code, "msg": refused.message})
        return web.Response(body=content, status=RESTRICTED, content_type=JSON)

    async def _visit(
        self, request: web.BaseRequest, path: str, query: str, body: str
    ) -> web.StreamResponse:
        name, address = f"{request.method} {path}", request.remote or ""
        key = request.headers.get("X-MBX-APIKEY")
        spoiler = Spoiler(self.exchange, request, name, key)
        if spoilt := await spoiler.before():
            return spoilt
        visit = Visit(self.exchange, ENDPOINTS[request.method, path], name, address)
        claim = Claim(key, sent_payload(query, body))
        try:
            content = orjson.dumps(visit.run(lambda: Params(query, body), claim))
            status, headers = 200, visit.call.headers
        except ApiError as refused:
            content = orjson.dumps({"code": refused.code, "msg": refused.message})
            status, headers = refused.status, refused.headers
            self._cut_banned(refused, address)
        answer = web.Response(body=content, status=status, headers=_weights(visit) | headers)
        answer.content_type = JSON
        return await spoiler.after(answer)

    def _cut_banned(self, refused: ApiError, address: str) -> None:
        if refused.bans_until is not None:
            for connection in self.exchange.streams.chosen(address, None):
                connection.close()


def _weights(visit: Visit) -> dict[str, str]:
    used = str(visit.used_weight())
    headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
    if visit.sapi:
        headers["X-SAPI-USED-IP-WEIGHT-1M"] = str(visit.used_weight(sapi=True))
    return headers


def _unknown(path: str) -> web.Response:
    page = f"<html><body><h2>404 Not found</h2><p>{path!r} is not here.</p></body></html>"
    return web.Response(text=page, status=404, content_type="text/html")
