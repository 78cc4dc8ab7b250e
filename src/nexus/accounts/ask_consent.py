"""Has whoever asks accepted today's documents? If not, nothing else is done before that.

A route that stays open without, like signing out, says `opt={BEFORE_CONSENT: True}`.
"""

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.handlers import BaseRouteHandler

from nexus.accounts import consent
from nexus.accounts.errors import ConsentNeededError
from nexus.core.site import Connection
from nexus.core.web import AnyRequest, is_fragment, path_of, see_other

BEFORE_CONSENT: Final = "before_consent"
CONSENT: Final = "/consent"
MOST_REMEMBERED: Final = 100_000


class Accepted:
    """Who has accepted which versions, as far as this process has asked.

    What was accepted stays accepted, so a yes is remembered and spares a query per request.
    """

    def __init__(self) -> None:
        self._known: set[tuple[int, tuple[str, ...]]] = set()

    def __contains__(self, user_id: int) -> bool:
        return (user_id, _versions()) in self._known

    def add(self, user_id: int) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known.add((user_id, _versions()))


async def require_consent(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: raise ConsentNeededError for somebody who has not accepted today's documents."""
    person = connection.scope.get("user")
    accepted: Accepted = connection.app.state.accepted
    if person is None or handler.opt.get(BEFORE_CONSENT) is True or person.id in accepted:
        return
    async with connection.app.state.database.transaction() as tx:
        if await consent.missing(tx, person.id):
            raise ConsentNeededError
    accepted.add(person.id)


def ask_for_consent(request: AnyRequest, _error: ConsentNeededError) -> Response[Any]:
    """Send the person to what they have to accept, and afterwards on to where they wanted."""
    wanted = path_of(request) if request.method == "GET" else "/"
    if is_fragment(request):
        return Response("", status_code=401, headers={"HX-Redirect": CONSENT})
    return see_other(f"{CONSENT}?{urlencode({'next': wanted})}")


def _versions() -> tuple[str, ...]:
    return tuple(document.version for document in consent.DOCUMENTS)
