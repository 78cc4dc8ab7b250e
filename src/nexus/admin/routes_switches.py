"""The room where trading is stopped and released."""

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from nexus.accounts.roles import ROOMS, staff
from nexus.accounts.sessions import Person
from nexus.admin.errors import ActRefusedError
from nexus.admin.forms import SwitchForm, read_reason
from nexus.admin.stop import ScopeView, turn_switch, view_scopes
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
    return await switches_page(request, person, tx, state)


@post(SWITCHES, opt=staff("admin"))
async def turn(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[Any]:
    """Stop or release everything, or one strategy: its entries, or all its orders."""
    form = await read_form(request, SwitchForm)
    scopes = {scope.name: scope for scope in await view_scopes(tx, _strategies(state))}
    try:
        scope, reason = find_scope(scopes, form.name), read_reason(form.reason)
        network = client_network(request)
        await turn_switch(tx, person, scope, form.act, reason=reason, network=network)
    except ActRefusedError as error:
        return await switches_page(request, person, tx, state, form=form, refused=error)
    return see_other(SWITCHES)


async def switches_page(
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
        scopes=await view_scopes(tx, _strategies(state)),
        decides=person.role == "admin",
        sent=form.name, reason=form.reason,
        errors={refused.field: refused.sentence} if refused else {},
    )  # fmt: skip


def find_scope(scopes: dict[str, ScopeView], name: str) -> ScopeView:
    """Find what is to be stopped; raise ActRefusedError for what cannot be."""
    scope = scopes.get(name)
    if scope is None:
        raise ActRefusedError("", "Choose one of the switches.")
    return scope


def _strategies(state: State) -> Any:
    return state.strategies.values()


route_handlers = [show_switches, turn]
