"""May this person into the rooms behind? For everybody else there are no such rooms.

A route says so with `opt=staff("reader")`. Whoever lacks the role, and nobody signed in, gets what
an address gets that does not exist: 404, never the way to sign in. Then the role is not enough:
every such route asks for a second factor, and for a proof that is minutes old at most.
"""

from contextlib import suppress
from typing import Any, Final

from litestar import Response
from litestar.connection import ASGIConnection
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope
from sqlalchemy.exc import SQLAlchemyError

from nexus.accounts.guard import recognise
from nexus.accounts.models import ROLES
from nexus.accounts.step_up import BY_FACTOR, SECOND_FACTOR, STEP_UP
from nexus.core.error_pages import error_page, show_refusal
from nexus.core.site import Connection
from nexus.core.web import AnyRequest

ROLE: Final = "role"
ROOMS: Final = "/admin"
"""Where the rooms are. Nothing below it answers without a role, whatever a route forgets to say."""


def staff(role: str) -> dict[str, Any]:
    """Give the options of a route for people with this role or a greater one."""
    return {ROLE: role, STEP_UP: True, SECOND_FACTOR: True, BY_FACTOR: True}


def reaches(role: str, needed: str) -> bool:
    """Say whether somebody with `role` may do what `needed` stands for."""
    return ROLES.index(role) >= ROLES.index(needed)


async def require_role(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard, before all others: raise NotFoundException for whoever has no business here."""
    needed = handler.opt.get(ROLE)
    if needed is None and not _is_room(connection.scope["path"]):
        return
    person = await recognise(connection)
    if person is None or needed is None or not reaches(person.role, needed):
        raise NotFoundException


async def take_as_long(error: Exception, scope: Scope) -> None:
    """Look up who asks for an address that does not exist, as for a room: both take as long.

    Nobody can tell by the clock then which addresses below the rooms there are.
    """
    known = scope.get("user") is not None or _is_room(scope["path"])
    if isinstance(error, NotFoundException) and not known:
        with suppress(SQLAlchemyError):  # Without a database, what is not there still is not.
            await recognise(ASGIConnection(scope))


def hide_rooms(request: AnyRequest, error: MethodNotAllowedException) -> Response[Any]:
    """Refuse a wrong method; below the rooms, where that would tell of a page, say 404."""
    if _is_room(request.scope["path"]):
        return error_page(request, 404)
    return show_refusal(request, error)


def _is_room(path: str) -> bool:
    return path == ROOMS or path.startswith(f"{ROOMS}/")
