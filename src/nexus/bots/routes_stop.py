"""The page that stops everything of one person, in reach of the thumb on every page."""

import secrets
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from nexus.accounts.ask_consent import BEFORE_CONSENT
from nexus.accounts.sessions import Person
from nexus.bots.forms import StopForm
from nexus.bots.routes import BOTS, KEY_LENGTH
from nexus.bots.stop import Meaning, stop_everything
from nexus.bots.views import bots_of
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, page, see_other

OUT_OF_DATE = "This page was out of date. Nothing was changed. Read it and press again."
ALWAYS = {BEFORE_CONSENT: True}
"""Stopping must never wait for a document to be read."""


@get("/stop", opt=ALWAYS)
async def show_stop(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Say what each way of stopping does, and ask which."""
    return await _stop_page(request, person, tx, state)


@post("/stop", opt=ALWAYS)
async def take_stop(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[Any]:
    """Stop everything in the way that was chosen; pressed twice, it is one wish."""
    form = await read_form(request, StopForm)
    if form.act not in set(Meaning) or len(form.idempotency_key) not in KEY_LENGTH:
        return await _stop_page(request, person, tx, state, error=OUT_OF_DATE)
    await stop_everything(
        tx,
        person.id,
        Meaning(form.act),
        idempotency_key=form.idempotency_key,
        network=client_network(request),
    )
    return see_other(BOTS)


async def _stop_page(
    request: AnyRequest, person: Person, tx: Transaction, state: State, *, error: str = ""
) -> Response[str]:
    bots = (await bots_of(tx, [person.id], state.strategies)).get(person.id, [])
    return page(
        request,
        "bots/stop.html",
        block="form",
        status_code=422 if error else 200,
        entering=[bot for bot in bots if bot.status == "running"],
        acting=[bot for bot in bots if bot.status in ("running", "paused", "closing")],
        held=[bot for bot in bots if bot.layer],
        closable=[bot for bot in bots if bot.can_close],
        errors={"": error} if error else {},
        idempotency_key=secrets.token_urlsafe(16),
    )


route_handlers = [show_stop, take_stop]
