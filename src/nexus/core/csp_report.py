"""What did a browser refuse to load on one of our pages? It tells us, and we keep two words of it.

A report says what somebody was looking at, and anybody can send one: only the directive and the
origin that was blocked reach the log, both in a known shape.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import structlog
from litestar import Response, post

from nexus.core.client import client_network
from nexus.core.csrf import EXEMPT
from nexus.core.headers import REPORTS
from nexus.core.throttle import Rule
from nexus.core.web import PUBLIC, AnyRequest

log = structlog.get_logger()

LARGEST_REPORT: Final = 8 * 1024
MOST_AT_ONCE: Final = 10
PER_NETWORK: Final = Rule("csp-report", limit=30, seconds=10 * 60)

DIRECTIVE: Final = re.compile(r"[a-z]+(?:-[a-z]+){0,4}")
WORDS: Final = frozenset({"inline", "eval", "wasm-eval", "self", "trusted-types-sink"})
"""What browsers name as blocked where it has no address."""
HOST: Final = re.compile(r"[a-z0-9.-]{1,253}")
OTHER: Final = "other"


@post(REPORTS, opt={PUBLIC: True, EXEMPT: True}, request_max_body_size=LARGEST_REPORT)
async def take_csp_report(request: AnyRequest) -> Response[Any]:
    """Note what was blocked; the browser does not care for an answer."""
    wait = await request.app.state.throttle.take(PER_NETWORK, client_network(request))
    if wait:
        return Response("", status_code=429, headers={"Retry-After": str(wait)})
    for directive, blocked in read_reports(await request.body()):
        log.warning("csp_blocked", directive=directive, blocked=blocked)
    return Response("", status_code=204)


def read_reports(body: bytes) -> Iterator[tuple[str, str]]:
    """Give the directive and the blocked origin of each report, in either form browsers send."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    for report in (sent if isinstance(sent, list) else [sent])[:MOST_AT_ONCE]:
        if not isinstance(report, dict):
            continue
        facts = report.get("csp-report", report.get("body"))
        if isinstance(facts, dict):
            directive = facts.get("effectiveDirective") or facts.get("effective-directive")
            blocked = facts.get("blockedURL") or facts.get("blocked-uri")
            yield _directive(directive or facts.get("violated-directive")), _origin(blocked)


def _directive(text: object) -> str:
    first = text[:60].split(" ", 1)[0] if isinstance(text, str) else ""
    return first if DIRECTIVE.fullmatch(first) else OTHER


def _origin(text: object) -> str:
    """Give the scheme and the host of an address; what follows may hold a secret."""
    if not isinstance(text, str):
        return OTHER
    if text in WORDS:
        return text
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError:
        return OTHER
    if parts.scheme in {"data", "blob", "about"}:
        return parts.scheme
    known = parts.scheme in {"http", "https", "ws", "wss"} and HOST.fullmatch(host)
    return f"{parts.scheme}://{host}" if known else OTHER


route_handlers = [take_csp_report]
