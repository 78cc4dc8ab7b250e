"""The page on which somebody who is signed in changes their password."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from nexus.accounts.change_password import Change, change_password, has_password
from nexus.accounts.forms import ChangePasswordForm
from nexus.accounts.known_browser import KNOWN_COOKIE, read_tokens
from nexus.accounts.proof_pages import session_cookie
from nexus.accounts.refuse import REFUSALS, Errors, answer_refusal
from nexus.accounts.sessions import Person
from nexus.accounts.step_up import STEP_UP
from nexus.core.client import client_network
from nexus.core.db import Database
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, page, query_of, see_other

PASSWORD = "/settings/password"  # noqa: S105  an address


@get(PASSWORD, opt={STEP_UP: True})
async def show_password(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any]:
    """Ask for the password so far and the one to come."""
    done = query_of(request) == "changed=1"
    return _password_page(request, {}, has_old=await _has_old(database, person), done=done)


@post(PASSWORD, opt={STEP_UP: True})
async def take_password(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any]:
    """Change the password, sign out everywhere else, and give this session a new token."""
    form = await read_form(request, ChangePasswordForm)
    site = site_of(request)
    change = Change(
        current=form.current,
        password=form.password,
        network=client_network(request),
        known=read_tokens(request.cookies.get(site.cookie_name(KNOWN_COOKIE), "")),
    )
    try:
        token = await change_password(database, request.app.state.throttle, site, person, change)
    except REFUSALS as refused:
        has_old = await _has_old(database, person)
        return answer_refusal(
            refused,
            lambda errors, status: _password_page(request, errors, status, has_old=has_old),
        )
    return see_other(f"{PASSWORD}?changed=1", cookies=[session_cookie(request, token)])


async def _has_old(database: Database, person: Person) -> bool:
    async with database.transaction() as tx:
        return await has_password(tx, person.id)


def _password_page(
    request: AnyRequest,
    errors: Errors,
    status_code: int = 200,
    *,
    has_old: bool,
    done: bool = False,
) -> Response[Any]:
    return page(
        request,
        "accounts/change_password.html",
        status_code=status_code,
        errors=errors,
        has_old=has_old,
        done=done,
    )


route_handlers = [show_password, take_password]
