"""The room where our staff closes everything, or a strategy, at market: it asks first."""

import secrets
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts.roles import staff
from nexus.accounts.sessions import Person
from nexus.admin.close import close_scope, view_closing
from nexus.admin.errors import ActRefusedError
from nexus.admin.forms import CloseScopeForm, read_reason
from nexus.admin.routes_switches import SWITCHES, find_scope, switches_page
from nexus.admin.stop import ScopeView, view_scopes
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, page, see_other

CLOSE = f"{SWITCHES}/close"
KEY_LENGTH = range(16, 65)


@get(CLOSE, opt=staff("admin"))
async def show_close_scope(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    name: Annotated[str, QueryParameter()] = "",
) -> Response[str]:
    """Say what would be sold, for how many people, and ask."""
    try:
        scope = await _scope(tx, state, name)
    except ActRefusedError as error:
        return await switches_page(request, person, tx, state, refused=error)
    return await _close_page(request, tx, scope)


@post(CLOSE, opt=staff("admin"))
async def take_close_scope(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[Any]:
    """Close the bots at market; pressed twice, it is one wish."""
    form = await read_form(request, CloseScopeForm)
    try:
        scope = await _scope(tx, state, form.name)
    except ActRefusedError as error:
        return await switches_page(request, person, tx, state, refused=error)
    try:
        reason = read_reason(form.reason)
        await close_scope(
            tx, person, scope,
            reason=reason, idempotency_key=_key(form), network=client_network(request),
        )  # fmt: skip
    except ActRefusedError as error:
        return await _close_page(request, tx, scope, reason=form.reason, refused=error)
    return see_other(SWITCHES)


def _key(form: CloseScopeForm) -> str:
    if len(form.idempotency_key) not in KEY_LENGTH:
        raise ActRefusedError(
            "", "This page was out of date. Nothing was sold. Read it and press again."
        )
    return form.idempotency_key


async def _scope(tx: Transaction, state: State, name: str) -> ScopeView:
    scopes = {scope.name: scope for scope in await view_scopes(tx, state.strategies.values())}
    return find_scope(scopes, name)


async def _close_page(
    request: AnyRequest,
    tx: Transaction,
    scope: ScopeView,
    *,
    reason: str = "",
    refused: ActRefusedError | None = None,
) -> Response[str]:
    return page(
        request, "admin/close.html", status_code=422 if refused else 200,
        scope=scope, closing=await view_closing(tx, scope), reason=reason,
        errors={refused.field: refused.sentence} if refused else {},
        idempotency_key=secrets.token_urlsafe(16),
    )  # fmt: skip


route_handlers = [show_close_scope, take_close_scope]
