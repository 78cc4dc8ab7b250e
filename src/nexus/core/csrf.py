"""Was this form really sent from one of our pages, by the person it was made for?

Two locks. The browser says where a request comes from (`Sec-Fetch-Site`, `Origin`); and every
form carries a token that is bound to the session, or before signing in to this browser. A token
of one session is worth nothing in another.
"""

import hashlib
import hmac
import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from nexus.core.forms import form_fields
from nexus.core.site import Connection, Site, site_of

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
EXEMPT = "csrf_exempt"
"""The route option, and the only way, to be left out: `opt={EXEMPT: True}`."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
VISITOR = "visitor"
"""The cookie that names a browser in which nobody is signed in yet."""
VISITOR_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")

REFUSED = "This form is no longer valid. Open the page again and repeat what you did."


async def refuse_forgery(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: raise PermissionDeniedException (403) for an unsafe request that is not ours."""
    if connection.scope.get("method") in SAFE_METHODS or handler.opt.get(EXEMPT) is True:
        return
    request: Request[Any, Any, Any] = Request(connection.scope, connection.receive)
    if comes_from_elsewhere(request) or not await has_token(request):
        raise PermissionDeniedException(REFUSED)


def comes_from_elsewhere(request: Request[Any, Any, Any]) -> bool:
    """Say whether the browser itself names another site as the sender.

    Without `Sec-Fetch-Site` (plain http, old browsers) the origin must be the configured one, or
    the host that was asked: a phone in the same house reaches a development machine by its
    number. With neither, the token alone decides.
    """
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return False
    base = urlsplit(site_of(request).base_url)
    ours = {base.netloc.lower(), request.headers.get("host", "").lower()}
    return origin.lower() not in {f"{base.scheme}://{host}" for host in ours if host}


async def has_token(request: Request[Any, Any, Any]) -> bool:
    """Say whether the request carries the token that belongs to its session or browser."""
    bound_to = binding_of(request)
    if bound_to is None:
        return False
    given = request.headers.get(HEADER) or (await form_fields(request)).get(FIELD, "")
    return hmac.compare_digest(given.encode(), _sign(site_of(request), bound_to).encode())


def token_for(request: Request[Any, Any, Any]) -> tuple[str, Cookie | None]:
    """Give the token for a page's forms, and the cookie to set when this browser has none yet."""
    site = site_of(request)
    bound_to = binding_of(request)
    if bound_to is not None:
        return _sign(site, bound_to), None
    visitor = secrets.token_urlsafe(32)
    return _sign(site, f"visitor:{visitor}"), site.cookie(VISITOR, visitor)


def binding_of(request: Request[Any, Any, Any]) -> str | None:
    """Name the session or visitor a request belongs to; what we hand out is bound to it.

    The prefixes keep one kind from passing as the other. None for a browser without a cookie yet.
    """
    session = request.scope.get("auth")
    if session is not None:
        return f"session:{session}"
    visitor = request.cookies.get(site_of(request).cookie_name(VISITOR), "")
    return f"visitor:{visitor}" if VISITOR_SHAPE.fullmatch(visitor) else None


def _sign(site: Site, bound_to: str) -> str:
    return hmac.new(site.secret, f"nexus.csrf.v1\0{bound_to}".encode(), hashlib.sha256).hexdigest()
