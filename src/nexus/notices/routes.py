"""The page on which somebody chooses what to be told, and on which devices."""

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from nexus.accounts.device import device_in_words
from nexus.accounts.sessions import Person
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, page, see_other
from nexus.notices.choices import CHANNELS, EVENTS, all_choices, read_choices, save_choices
from nexus.notices.devices import (
    DeviceRefusedError,
    add_device,
    check_endpoint,
    check_keys,
    devices_of,
    remove_device,
)
from nexus.notices.forms import ChoicesForm, DeviceForm, RemoveForm

NOTICES = "/settings/notifications"
SAVED = "saved"


@get(NOTICES)
async def show_notices(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show what this person is told, and where."""
    return await _notices_page(request, person, tx, state)


@post(NOTICES)
async def take_choices(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Keep what this person wants to be told."""
    form = await read_form(request, ChoicesForm)
    wanted = {(event, way) for event, way in all_choices() if getattr(form, f"{event}_{way}")}
    await save_choices(tx, person.id, wanted)
    return see_other(f"{NOTICES}?{SAVED}=1")


@post(f"{NOTICES}/devices")
async def take_device(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[Any]:
    """Tell this browser from now on."""
    form = await read_form(request, DeviceForm)
    if state.vapid is None:
        raise NotFoundException
    try:
        check_endpoint(form.endpoint, state.settings.push_hosts)
        check_keys(form.public_key, form.auth)
    except DeviceRefusedError as error:
        return await _notices_page(request, person, tx, state, refused=str(error))
    name = device_in_words(request.headers.get("user-agent", ""))
    await add_device(
        tx, person,
        endpoint=form.endpoint, public_key=form.public_key, auth=form.auth, name=name,
    )  # fmt: skip
    return see_other(NOTICES)


@post(f"{NOTICES}/devices/{{device_id:int}}/remove")
async def take_removal(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    device_id: FromPath[int],
) -> Response[Any]:
    """Tell one device nothing more; 404 for one that is not this person's."""
    await read_form(request, RemoveForm)
    if not await remove_device(tx, person.id, device_id):
        raise NotFoundException
    return see_other(NOTICES)


async def _notices_page(
    request: AnyRequest, person: Person, tx: Transaction, state: State, *, refused: str = ""
) -> Response[str]:
    return page(
        request, "settings/notifications.html", status_code=422 if refused else 200,
        events=EVENTS,
        channels=CHANNELS,
        choices=await read_choices(tx, person.id),
        devices=await devices_of(tx, person),
        push_key=state.vapid.public_key if state.vapid else "",
        saved=SAVED in request.query_params,
        refused=refused,
    )  # fmt: skip


route_handlers = [show_notices, take_choices, take_device, take_removal]
