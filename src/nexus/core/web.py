"""What does every route need? A transaction, a page, and a way onwards after a form."""

from collections.abc import AsyncGenerator
from typing import Any, Literal

from litestar import Request, Response
from litestar.datastructures import State
from litestar.enums import MediaType
from litestar.response import Redirect

from nexus.core.csrf import token_for
from nexus.core.db import Database, Transaction
from nexus.core.render import render, render_block
from nexus.core.site import site_of

PUBLIC = "public"
"""The route option of the few routes that need nobody signed in: `opt={PUBLIC: True}`."""

AnyRequest = Request[Any, Any, Any]


async def provide_transaction(state: State) -> AsyncGenerator[Transaction, None]:
    """Dependency `tx: NamedDependency[Transaction]`: the request's transaction.

    The order is: handler, page rendered, commit, rings, answer sent. So returning commits, a 303
    and a 422 too; raising rolls back; and nobody reads "done" before it is. A handler that
    streams or calls an exchange does not ask for `tx`, because it would hold a connection.
    """
    database: Database = state.database
    async with database.transaction() as tx:
        yield tx


def provide_database(state: State) -> Database:
    """Dependency `database: NamedDependency[Database]`.

    For handlers that open their transactions themselves, because they wait in between.
    """
    database: Database = state.database
    return database


def is_fragment(request: AnyRequest) -> bool:
    """Say whether htmx asks, which swaps a part of a page and needs no whole one."""
    return request.headers.get("hx-request") == "true"


def page(
    request: AnyRequest,
    template: str,
    /,
    *,
    block: str | None = None,
    status_code: int = 200,
    **context: Any,
) -> Response[str]:
    """Answer with a template, completed by what every layout shows.

    With `block`, htmx gets that named block only. Rendering happens here and now, inside the
    request's transaction.
    """
    site = site_of(request)
    token, cookie = token_for(request)
    everything = {
        "person": request.scope.get("user"),
        "csrf_token": token,
        "demo": site.demo,
        "path": path_of(request),
        "asset": site.assets.asset,
        **context,
    }
    part = block if is_fragment(request) else None
    return html(
        render_block(template, part, **everything) if part else render(template, **everything),
        status_code,
        cookies=[cookie] if cookie else [],
    )


def path_of(request: AnyRequest) -> str:
    """Name the path that was asked for; `request.url` would fail on a `Host` that is none."""
    return str(request.scope["path"])


def query_of(request: AnyRequest) -> str:
    """Give what stands behind the question mark, as it was sent."""
    return str(request.scope["query_string"], "latin-1")


def public_page(
    request: AnyRequest, template: str, /, *, seconds: int = 0, **context: Any
) -> Response[str]:
    """Answer with a page that is the same for everybody, so that anybody's cache may keep it.

    It has no form, no person and sets no cookie. With 0 seconds nothing is kept: its address
    shows something else to whoever is signed in.
    """
    site = site_of(request)
    everything = {
        "demo": site.demo,
        "path": path_of(request),
        "asset": site.assets.asset,
        **context,
    }
    kept = {"Cache-Control": f"public, max-age={seconds}"} if seconds else {}
    return html(render(template, **everything), headers=kept)


def html(text: str, status_code: int = 200, **options: Any) -> Response[str]:
    """Answer with text that has been rendered already."""
    return Response(text, status_code=status_code, media_type=MediaType.HTML, **options)


def onwards(request: AnyRequest, path: str) -> Response[Any]:
    """Send the browser on to a page of its own; htmx would put it into the middle of the old."""
    if is_fragment(request):
        return Response("", headers={"HX-Redirect": path}, media_type=MediaType.HTML)
    return see_other(path)


def see_other(path: str, **options: Any) -> Redirect:
    """Send the browser on to a page after a form, so that reloading does not repeat the form."""
    status_code: Literal[303] = 303
    return Redirect(path, status_code=status_code, **options)
