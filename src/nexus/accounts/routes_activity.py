"""What happened in somebody's account, for them to read."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts.forms import LARGEST_ID
from nexus.accounts.queries import ENTRIES_AT_ONCE, activity_of
from nexus.accounts.sessions import Person
from nexus.core.db import Transaction
from nexus.core.web import AnyRequest, page

ACTIVITY = "/settings/activity"


@get(ACTIVITY)
async def show_activity(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    before: Annotated[int | None, QueryParameter(ge=1, le=LARGEST_ID)] = None,
) -> Response[Any]:
    """List a page of entries, newest first."""
    entries = await activity_of(tx, person.id, before)
    older = entries[-1].id if len(entries) == ENTRIES_AT_ONCE else None
    return page(
        request, "settings/activity.html", entries=entries, older=older, first=before is None
    )


route_handlers = [show_activity]
