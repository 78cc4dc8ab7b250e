"""The page on which somebody says how times and amounts shall look."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from nexus.accounts.choose_display import (
    currencies_of,
    formats_in_words,
    keep_display,
    read_choice,
)
from nexus.accounts.forms import DisplayForm
from nexus.accounts.sessions import Person
from nexus.core.client import client_network
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.core.display import all_zones
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, page, see_other

DISPLAY = "/settings/display"
SAVED = "saved"


@get(DISPLAY)
async def show_display(
    request: AnyRequest, person: NamedDependency[Person], state: State
) -> Response[Any]:
    """Ask for a time zone, a format and a currency, and show how they look."""
    chosen = person.display
    form = DisplayForm(
        time_zone=chosen.zone,
        number_format=chosen.format,
        display_currency=chosen.currency,
    )
    return _display_page(request, state, form, {})


@post(DISPLAY)
async def take_display(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[Any]:
    """Keep what was chosen, or show the form again with what was typed."""
    form = await read_form(request, DisplayForm)
    chosen, errors = read_choice(form, state.settings.symbols)
    if errors:
        return _display_page(request, state, form, errors, 422)
    await keep_display(tx, person, chosen, client_network(request))
    return see_other(f"{DISPLAY}?{SAVED}=yes")


def _display_page(
    request: AnyRequest,
    state: State,
    form: DisplayForm,
    errors: Mapping[str, str],
    status_code: int = 200,
) -> Response[Any]:
    person: Person = request.scope["user"]
    return page(
        request,
        "settings/display.html",
        status_code=status_code,
        form=form,
        errors=errors,
        first_error=next(iter(errors), None),
        saved=SAVED in request.query_params,
        zones=all_zones(),
        formats=formats_in_words(person.display.zone, now()),
        currencies=currencies_of(state.settings.symbols),
    )


route_handlers = [show_display, take_display]
