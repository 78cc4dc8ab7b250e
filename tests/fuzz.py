"""What could somebody send, to every route? A schema made from the routes and their forms.

We publish none: it is made here, from the same code that serves, and schemathesis fills it in,
rightly and wrongly.
"""

import re
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from litestar import Litestar
from litestar.params import QueryParameter
from litestar.routes import HTTPRoute
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Err

from tests.shapes import NO_FORM, form_of

URL_ENCODED = "application/x-www-form-urlencoded"
Operation = Any
"""schemathesis's `APIOperation`, whose four type arguments say nothing here."""
STREAMS = {"/live"}
"""These answer without an end; `tests/feed/test_stream.py` is about them."""
RIGHT = {
    "act": ["end_sessions", "disable", "stop", "release", "pause", "close"],
    "account_id": [1],
    "allocation": ["100", "1,099.50", "NaN"],
    "bot_id": [1],
    "cooldown_minutes": ["", "60"],
    "day_loss": ["50", ""],
    "email": ["fuzz@example.com", "nobody@example.com"],
    "identity_id": [1],
    "issuer": ["google"],
    "kind": ["ed25519", "hmac"],
    "name": ["BTC-USDT", "everything", "strategy:trend"],
    "next": ["/", "//evil.example"],
    "passkey_id": [1],
    "person_id": ["1", "2"],
    "positions": ["3"],
    "reason": ["Because it was asked for."],
    "role": ["trader", "reader", "admin"],
    "step": ["factor"],
    "strategy": ["trend"],
    "symbol": ["BTC/USDT"],
}
"""Values that get past the first check, among those that schemathesis makes up."""

REPORT = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"body": {"type": "object"}, "csp-report": {"type": "object"}},
            }
        }
    },
}


def schema_of(app: Litestar) -> dict[str, Any]:
    """Describe every route in OpenAPI's words."""
    paths: dict[str, Any] = {}
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        if route.path in STREAMS:
            continue
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                operation: dict[str, Any] = {
                    "parameters": [*_in_path(route.path), *_in_query(handler), *_headers()],
                    "responses": {"default": {"description": "Anything but a failure."}},
                }
                if method == "POST":
                    operation["requestBody"] = REPORT if route.path in NO_FORM else _body(handler)
                paths.setdefault(path, {})[method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "Nexus", "version": "0"}, "paths": paths}


def _in_path(path: str) -> Iterator[dict[str, Any]]:
    for name, kind in re.findall(r"\{(\w+):(\w+)\}", path):
        shape = {"type": "integer"} if kind == "int" else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": _or_right(name, shape)}


def _in_query(handler: Any) -> Iterator[dict[str, Any]]:
    for name, parameter in handler.parsed_fn_signature.parameters.items():
        if isinstance(parameter.kwarg_definition, QueryParameter):
            known = parameter.kwarg_definition.name or name
            yield {"name": known, "in": "query", "schema": _or_right(known, {"type": "string"})}


def _headers() -> Iterator[dict[str, Any]]:
    """Name what our own code reads besides forms."""
    for name in ("X-Forwarded-For", "HX-Request", "Last-Event-ID", "User-Agent"):
        yield {"name": name, "in": "header", "schema": {"type": "string"}}
    for name in ("nexus-known", "nexus-visitor"):
        yield {"name": name, "in": "cookie", "schema": {"type": "string"}}


def _body(handler: Any) -> dict[str, Any]:
    fields = form_of(handler).__struct_fields__
    shape = {
        "type": "object",
        "properties": {name: _or_right(name, {"type": "string"}) for name in fields},
        "additionalProperties": False,
    }
    return {"required": True, "content": {URL_ENCODED: {"schema": shape}}}


def _or_right(name: str, shape: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"enum": RIGHT[name]}, shape]} if name in RIGHT else shape


@dataclass
class Visitor:
    """Somebody who sends all that; with a session or without."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    answers: dict[int, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def send(self, case: Case[Any], http: requests.Session) -> None:
        """Send one request; a form of ours always has the token, to get past the door."""
        if case.media_type == URL_ENCODED and isinstance(case.body, dict):
            case.body["csrf_token"] = self.token
        answer = case.call(
            base_url=self.url,
            session=http,
            cookies=self.cookies,
            allow_redirects=False,
            timeout=30,
        )
        status = answer.status_code
        self.answers[status] = self.answers.get(status, 0) + 1
        # 503 is a plain answer of ours: too many passwords at once, or an issuer that is away.
        if status >= 500 and status != 503:
            self.failed.append(f"{status}: {case.as_curl_command()}")


def attack(
    operation: Operation,
    visitor: Visitor,
    *,
    mode: GenerationMode,
    seed: int,
    examples: int,
) -> None:
    """Send made-up requests to one route: the same ones for the same seed."""
    with requests.Session() as http:

        @seeded(seed)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def each(case: Case[Any]) -> None:
            visitor.send(case, http)

        # Where any text at all is right, there is nothing wrong to send.
        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            each()


def operations(schema: dict[str, Any]) -> list[Operation]:
    loaded = schemathesis.openapi.from_dict(schema)
    found = []
    for result in loaded.get_all_operations():
        assert not isinstance(result, Err), result
        found.append(result.ok())
    return found
