"""The page that shows every component in every state, in development and nowhere else."""

from types import SimpleNamespace
from typing import Final

from litestar import Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException

from nexus.core.web import PUBLIC, AnyRequest, page

SOMEBODY: Final = SimpleNamespace(
    display_name="", email="somebody@example.com", role="trader", delete_after=None
)
"""Whom the frame around the components greets; no account."""


@get("/styleguide", opt={PUBLIC: True}, sync_to_thread=False)
def show_styleguide(request: AnyRequest, state: State) -> Response[str]:
    """Show the components; anywhere but in development there is nothing here."""
    if state.settings.environment != "development":
        raise NotFoundException
    return page(request, "development/styleguide.html", person=SOMEBODY)


route_handlers = [show_styleguide]
