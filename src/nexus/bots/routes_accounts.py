"""The pages that stop an exchange account: pause it, resume it, remove it.

They stand here and not with the other pages of accounts, because they say first what becomes of
the bots.
"""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from nexus.accounts.sessions import Person
from nexus.accounts.step_up import STEP_UP, require_live_proof
from nexus.bots.leave_account import bots_on, pause_account, remove_account, resume_account
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, page, see_other
from nexus.exchanges.forms import ActForm
from nexus.exchanges.routes import ACCOUNTS, own_account


@get("/accounts/{account_id:int}/pause")
async def show_pause(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    account_id: FromPath[int],
) -> Response[str]:
    """Say what pausing does, and ask."""
    account = await own_account(tx, person, account_id)
    bots = await bots_on(tx, account.id)
    return page(request, "exchanges/pause.html", account=account, bots=bots)


@post("/accounts/{account_id:int}/pause")
async def take_pause(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    account_id: FromPath[int],
) -> Response[Any]:
    """Pause the account; one that is paused stays so."""
    await read_form(request, ActForm)
    account = await own_account(tx, person, account_id)
    await pause_account(tx, person.id, account.id, client_network(request))
    return see_other(f"{ACCOUNTS}/{account.id}")


@post("/accounts/{account_id:int}/resume", opt={STEP_UP: True})
async def take_resume(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    account_id: FromPath[int],
) -> Response[Any]:
    """Let the account buy again."""
    await read_form(request, ActForm)
    account = await own_account(tx, person, account_id)
    if account.venue != "paper" and not site_of(request).demo:
        require_live_proof(person)
    await resume_account(tx, person.id, account.id, client_network(request))
    return see_other(f"{ACCOUNTS}/{account.id}")


@get("/accounts/{account_id:int}/remove", opt={STEP_UP: True})
async def show_remove(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    account_id: FromPath[int],
) -> Response[str]:
    """Say what removing does to the bots and to what they hold, and ask."""
    account = await own_account(tx, person, account_id)
    bots = await bots_on(tx, account.id)
    return page(request, "exchanges/remove.html", account=account, bots=bots)


@post("/accounts/{account_id:int}/remove", opt={STEP_UP: True})
async def take_remove(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    account_id: FromPath[int],
) -> Response[Any]:
    """Destroy the key and stop the bots."""
    await read_form(request, ActForm)
    account = await own_account(tx, person, account_id)
    await remove_account(tx, person.id, account.id, client_network(request))
    return see_other(ACCOUNTS)


route_handlers = [show_pause, take_pause, take_resume, show_remove, take_remove]
