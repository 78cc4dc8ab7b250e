"""The room where trading is stopped and released."""

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from nexus.accounts.roles import ROOMS, staff
from nexus.accounts.sessions import Person
from nexus.admin.errors import ActRefusedError
from nexus.admin.forms import SwitchForm, read_reason
from nexus.admin.stop import SwitchView, turn_switch, view_switches
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, page, see_other

SWITCHES = f"{ROOMS}/switches"


@get(SWITCHES, opt=staff("reader"))
async def show_switches(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show what is stopped, who stopped it, when and why."""
    return await _switches_page(request, person, tx, state)


@post(SWITCHES, opt=staff("admin"))
async def turn(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[Any]:
    """Stop or release everything, or one strategy."""
    form = await read_form(request, SwitchForm)
    switches = {switch.name: switch for switch in await view_switches(tx, _strategies(state))}
    try:
        switch, reason = _switch(switches, form.name), read_reason(form.reason)
        network = client_network(request)
        await turn_switch(tx, person, switch, form.act, reason=reason, network=network)
    except ActRefusedError as error:
        return await _switches_page(request, person, tx, state, form=form, refused=error)
    return see_other(SWITCHES)


async def _switches_page(
    request: AnyRequest,
    person: Person,
    tx: Transaction,
    state: State,
    *,
    form: SwitchForm | None = None,
    refused: ActRefusedError | None = None,
) -> Response[str]:
    """Show every switch; after a refusal the sentence stands in the form it belongs to."""
    form = form or SwitchForm()
    return page(
        request, "admin/switches.html", status_code=422 if refused else 200,
        switches=await view_switches(tx, _strategies(state)),
        decides=person.role == "admin",
        sent=form.name, reason=form.reason,
        errors={refused.field: refused.sentence} if refused else {},
    )  # fmt: skip


def _switch(switches: dict[str, SwitchView], name: str) -> SwitchView:
    switch = switches.get(name)
    if switch is None:
        raise ActRefusedError("", "Choose one of the switches.")
    return switch


def _strategies(state: State) -> Any:
    return state.strategies.values()


route_handlers = [show_switches, turn]
