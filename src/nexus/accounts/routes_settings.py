"""The settings: what there is to set, and what the pages call somebody."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from sqlalchemy import update

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.forms import NameForm
from nexus.accounts.models import User
from nexus.accounts.register import check_name
from nexus.accounts.sessions import Person
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, page, see_other

SETTINGS = "/settings"
PROFILE = "/settings/profile"


@get(SETTINGS)
async def show_settings(request: AnyRequest) -> Response[Any]:
    """List what can be set."""
    return page(request, "settings/index.html")


@get(PROFILE)
async def show_profile(request: AnyRequest, person: NamedDependency[Person]) -> Response[Any]:
    """Ask what the pages shall call somebody."""
    return _profile_page(request, person.display_name, {})


@post(PROFILE)
async def take_profile(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Keep the name, or show the form again with what was typed."""
    form = await read_form(request, NameForm)
    try:
        name = check_name(form.display_name)
    except AccountRefusedError as error:
        return _profile_page(request, form.display_name, {error.field: error.sentence}, 422)
    if name != person.display_name:
        await tx.execute(update(User).where(User.id == person.id).values(display_name=name))
        await write_audit(
            tx, "name_changed",
            user_id=person.id, actor_id=person.id, network=client_network(request),
        )  # fmt: skip
    return see_other(SETTINGS)


def _profile_page(
    request: AnyRequest, display_name: str, errors: dict[str, str], status_code: int = 200
) -> Response[Any]:
    return page(
        request,
        "settings/profile.html",
        status_code=status_code,
        display_name=display_name,
        errors=errors,
    )


route_handlers = [show_settings, show_profile, take_profile]
