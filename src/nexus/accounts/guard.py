"""Who is asking? Every route needs somebody signed in, unless it is on the public list."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.handlers import BaseRouteHandler

from nexus.accounts.errors import SignInNeededError
from nexus.accounts.sessions import COOKIE, Person, find_person
from nexus.core.display import DEFAULT, show_as
from nexus.core.site import Connection, site_of
from nexus.core.web import PUBLIC, AnyRequest, is_fragment, path_of, query_of, see_other

HOME = "/"
SIGN_IN = "/sign-in"
VISITORS = "visitors"
"""The route option of a page that has something to show to whoever never signed in here."""


async def require_person(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: raise SignInNeededError for nobody, else note who asks for the rest of the request.

    Times and amounts look as that person wants them; what is public looks the same to everybody.
    """
    show_as(DEFAULT)
    if handler.opt.get(PUBLIC) is True:
        return
    person = await recognise(connection)
    if person is None:
        if _is_welcome(connection, handler):
            return
        raise SignInNeededError
    connection.scope["user"] = person
    connection.scope["auth"] = person.session_id
    show_as(person.display)


def _is_welcome(connection: Connection, handler: BaseRouteHandler) -> bool:
    """Say whether nobody may come in: a page for visitors, and no session that has ended.

    Somebody whose session has ended wants their own page back, and htmx no page at all.
    """
    if handler.opt.get(VISITORS) is not True or session_token(connection):
        return False
    return connection.headers.get("hx-request") != "true"


async def recognise(connection: Connection) -> Person | None:
    """Find the signed-in person by the request's cookie; asks the database each time."""
    token = session_token(connection)
    if not token:
        return None
    async with connection.app.state.database.transaction() as tx:
        return await find_person(tx, token)


def session_token(connection: Connection) -> str:
    """Read the session's token from its cookie; empty when there is none."""
    return connection.cookies.get(site_of(connection).cookie_name(COOKIE), "")


def provide_person(request: Request[Any, Any, Any]) -> Person:
    """Dependency `person: NamedDependency[Person]`: whom the guard let in.

    Raises SignInNeededError on a public route, where nobody was asked for.
    """
    person: Person | None = request.scope.get("user")
    if person is None:
        raise SignInNeededError
    return person


def ask_to_sign_in(request: AnyRequest, _error: SignInNeededError) -> Response[Any]:
    """Send nobody to the sign-in page, and afterwards back to where they wanted to go.

    htmx would put a redirect's page into the middle of the old one, so it is told to leave.
    """
    if is_fragment(request):
        return Response("", status_code=401, headers={"HX-Redirect": SIGN_IN})
    return see_other(_sign_in_address(request))


def _sign_in_address(request: AnyRequest) -> str:
    """Name the sign-in page with the way back; a form cannot be gone back to, only a page."""
    query = query_of(request)
    wanted = path_of(request) + (f"?{query}" if query else "")
    if request.method != "GET" or local_path(wanted) == HOME:
        return SIGN_IN
    return f"{SIGN_IN}?{urlencode({'next': wanted})}"


def local_path(text: str) -> str:
    r"""Give `text` when it is a path on this site, else the first page.

    Browsers read `//host`, `/\host` and paths with tabs in them as other sites.
    """
    ours = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if ours and text.isascii() and text.isprintable() else HOME
