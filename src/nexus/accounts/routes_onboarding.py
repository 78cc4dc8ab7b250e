"""The one act of the first checklist that is no page of its own: putting a step aside."""

from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from nexus.accounts.forms import ConfirmForm
from nexus.accounts.guard import HOME
from nexus.accounts.onboard import STEPS, skip_step
from nexus.accounts.sessions import Person
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, see_other


@post("/onboarding/{step:str}/skip")
async def skip(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    step: FromPath[str],
) -> Response[Any]:
    """Put a step aside, for good."""
    await read_form(request, ConfirmForm)
    if step not in STEPS:
        raise NotFoundException
    await skip_step(tx, person.id, step)
    return see_other(HOME)


route_handlers = [skip]
