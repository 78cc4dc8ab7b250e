"""How is every request taken in and answered: found, weighed, identified, run, and refused?

One function sees every request and every answer: `Front.answer`. A fault to inject belongs
around it.
"""

import orjson
from aiohttp import web

from nexus.simulator.call import Call
from nexus.simulator.endpoints import ENDPOINTS, Endpoint
from nexus.simulator.errors import ApiError
from nexus.simulator.exchange import Exchange
from nexus.simulator.params import Params
from nexus.simulator.serve_control import CONTROL, answer_control
from nexus.simulator.serve_orders import write_refusal
from nexus.simulator.sign import check_signature, check_time, find_account

JSON = "application/json"
CONTROL_PREFIX = "/simulator/"
SAPI_PREFIX = "/sapi/"


class Front:
    """The door of one exchange; `answer` is an aiohttp low-level handler."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def answer(self, request: web.BaseRequest) -> web.Response:
        # The raw path and body, because signatures cover the bytes as they were sent.
        path, _, query = request.raw_path.partition("?")
        body = (await request.read()).decode(errors="replace") if request.body_exists else ""
        self.exchange.advance()
        if path.startswith(CONTROL_PREFIX):
            return self._control(request.method, path, query, body)
        endpoint = ENDPOINTS.get((request.method, path))
        if endpoint is None:
            return _unknown(path)
        key = request.headers.get("X-MBX-APIKEY")
        visit = _Visit(self.exchange, endpoint, f"{request.method} {path}", request.remote or "")
        return visit.answer(key, query, body)

    def _control(self, method: str, path: str, query: str, body: str) -> web.Response:
        if (method, path) not in CONTROL:
            return _unknown(path)
        status, content = answer_control(self.exchange, method, path, query, body)
        return web.Response(body=content, status=status, content_type=JSON)


class _Visit:
    """One Binance request on its way through."""

    def __init__(self, exchange: Exchange, endpoint: Endpoint, name: str, address: str) -> None:
        self.exchange = exchange
        self.endpoint = endpoint
        self.name = name
        self.address = address
        self.sapi = SAPI_PREFIX in name
        self.now = exchange.now()
        self.call = Call(exchange, Params(""), self.now)

    def answer(self, key: str | None, query: str, body: str) -> web.Response:
        self.exchange.requests[self.name] += 1
        try:
            content = self._run(key, query, body)
        except ApiError as refused:
            self._note_refusal(refused)
            answer = orjson.dumps({"code": refused.code, "msg": refused.message})
            return self._respond(answer, refused.status, refused.headers)
        return self._respond(orjson.dumps(content), 200, self.call.headers)

    def _run(self, key: str | None, query: str, body: str) -> object:
        governor = self.exchange.governor
        problem: ApiError | None = None
        try:
            self.call.params = Params(query, body)
            weight = self._weight()
        except ApiError as refused:
            problem, weight = refused, 1
        governor.admit(self.address, sapi=self.sapi, weight=weight, now=self.now)
        if not self.endpoint.is_order:
            governor.charge(self.address, sapi=self.sapi, weight=weight, now=self.now)
        if problem is not None:
            raise problem
        if self.endpoint.signed:
            self._identify(key, query, body)
        self.call.params.refuse_unknown(self.endpoint.params)
        return self.endpoint.answer(self.call)

    def _identify(self, key: str | None, query: str, body: str) -> None:
        self.call.signer = find_account(key, self.exchange.accounts)
        check_signature(self.call.signer, query, body, self.call.params)
        check_time(self.call.params, self.now)

    def _weight(self) -> int:
        weight = self.endpoint.weight
        return weight if isinstance(weight, int) else weight(self.call.params)

    def _note_refusal(self, refused: ApiError) -> None:
        if not self.endpoint.is_order:
            return
        # A refused order weighs one; a request that never got in weighs nothing.
        if refused.code != -1003:  # noqa: PLR2004 - Binance's number for too many requests
            self.exchange.governor.charge(self.address, sapi=self.sapi, weight=1, now=self.now)
        write_refusal(self.call, self.name, refused)

    def _respond(self, content: bytes, status: int, headers: dict[str, str]) -> web.Response:
        used = self.exchange.governor.used(self.address, sapi=self.sapi, now=self.now)
        name = "X-SAPI-USED-IP-WEIGHT-1M" if self.sapi else "X-MBX-USED-WEIGHT-1M"
        answer = web.Response(body=content, status=status, headers={name: str(used), **headers})
        answer.content_type = JSON
        return answer


def _unknown(path: str) -> web.Response:
    page = f"<html><body><h2>404 Not found</h2><p>{path!r} is not here.</p></body></html>"
    return web.Response(text=page, status=404, content_type="text/html")
