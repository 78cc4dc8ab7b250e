"""What does every answer tell the browser to refuse, and what may it keep?"""

from collections.abc import Awaitable, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from nexus.core.assets import URL_PREFIX
from nexus.core.site import Site

REPORTS = "/csp-report"
"""Where browsers tell what the policy made them refuse; see `csp_report.py`."""

NOTHING_KEPT = "no-store"
ASK_FIRST = "no-cache"
SHARED = "public"
"""What begins the `Cache-Control` of an answer that is the same for everybody, cookie or none."""
KEPT_A_YEAR = "public, max-age=31536000, immutable"
OK = 200

BeforeSend = Callable[[Message, Scope], Awaitable[None]]


def add_headers(site: Site) -> BeforeSend:
    """Make the hook that completes every answer, error pages and refusals included."""
    fixed = security_headers(site)

    async def complete(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in fixed.items():
            headers[name] = value
        if scope["path"].startswith(URL_PREFIX):
            kept = message["status"] == OK and _is_this_version(site, scope)
            headers["Cache-Control"] = KEPT_A_YEAR if kept else ASK_FIRST
        elif not headers.get("Cache-Control", "").startswith(SHARED):
            headers.setdefault("Cache-Control", NOTHING_KEPT)
            headers.extend_header_value("Vary", "HX-Request, Cookie")

    return complete


def security_headers(site: Site) -> dict[str, str]:
    """Give the headers that are the same on every answer."""
    headers = {
        "Content-Security-Policy": content_security_policy(site),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Reporting-Endpoints": f'csp="{REPORTS}"',
        # Not `no-referrer`: browsers then send `Origin: null` with our own forms, and nobody
        # could tell them from a stranger's.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if site.https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def content_security_policy(site: Site) -> str:
    """Allow our own files, the CDN's where it is used, and nothing inline."""
    loaded = " ".join(("'self'", *site.assets.sources))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {loaded}",
            f"style-src {loaded}",
            "img-src 'self' data:",
            "connect-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            # The older word too: not every browser knows the newer one.
            f"report-uri {REPORTS}",
            "report-to csp",
        )
    )


def _is_this_version(site: Site, scope: Scope) -> bool:
    """Say whether the address names exactly these bytes, so that it may be kept for a year.

    The hash is compared: while a new version is rolled out, a page of the new one may ask a
    process of the old one, whose bytes must not be remembered under the new address.
    """
    name = scope["path"].removeprefix(URL_PREFIX)
    if name.startswith("vendor/"):
        return True
    address = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
    return site.assets.asset(name).url == address
