"""What does somebody read when it went wrong? Plain words and what to do, never a traceback."""

from dataclasses import dataclass
from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from nexus.core.render import render, render_block
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, html, is_fragment, path_of

log = structlog.get_logger()

TEMPLATE = "errors/error.html"


@dataclass(frozen=True)
class Words:
    """The heading, and a sentence or two that end with what to do."""

    title: str
    message: str


WORDS = {
    400: Words(
        "That could not be read",
        "What was sent is not a form of this page. Open the page again and repeat it.",
    ),
    403: Words(
        "That was not accepted",
        "This form is no longer valid, or it did not come from one of our pages. "
        "Open the page again and repeat what you did.",
    ),
    404: Words(
        "There is nothing here",
        "The address may be mistyped, or what it showed is gone. Start again from the first page.",
    ),
    405: Words(
        "That cannot be done here",
        "This address takes another kind of request. Start again from the first page.",
    ),
    413: Words(
        "That is too much",
        "What was sent is larger than a form of ours can be. Shorten it and send it again.",
    ),
    429: Words("Too many requests", "Wait a minute, then try again."),
    503: Words(
        "Nexus is not reachable right now",
        "A part of it does not answer. Open the page again in a moment, and look whether what you "
        "did arrived before you repeat it.",
    ),
}
OUR_FAULT = Words(
    "Something went wrong on our side",
    "It has been written down for us. Open the page again, and look whether what you did arrived "
    "before you repeat it.",
)
NOT_DONE = Words(
    "That could not be done", "Open the page again and repeat it, or start from the first page."
)


def show_refusal(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Show what Litestar or a handler refused, in our words: theirs name libraries and types."""
    answer = error_page(request, error.status_code)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def show_outage(request: AnyRequest, error: Exception) -> Response[Any]:
    """Show that the database does not answer; whoever runs this reads the details in the log."""
    log.error("database_unreachable", path=path_of(request), error=str(error))
    return error_page(request, 503)


def show_failure(request: AnyRequest, error: Exception) -> Response[Any]:
    """Show a mistake of ours, and write its traceback where only we read it."""
    log.error("request_failed", path=path_of(request), method=request.method, exc_info=error)
    return error_page(request, 500)


def error_page(request: AnyRequest, status: int) -> Response[Any]:
    """Render the error page; needs no database and nobody signed in. For htmx, its middle only."""
    fallback = OUR_FAULT if status >= 500 else NOT_DONE  # noqa: PLR2004  server errors
    words = WORDS.get(status, fallback)
    context = {
        "status": status,
        "title": words.title,
        "message": words.message,
        "action_url": "/",
        "action_label": "Go to the first page",
        "asset": site_of(request).assets.asset,
    }
    if is_fragment(request):
        return html(render_block(TEMPLATE, "main", **context), status)
    return html(render(TEMPLATE, **context), status)


ERROR_PAGES: ExceptionHandlersMap = {
    HTTPException: show_refusal,
    OperationalError: show_outage,
    PoolTimeoutError: show_outage,
    Exception: show_failure,
}
