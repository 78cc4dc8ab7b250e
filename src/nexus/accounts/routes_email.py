"""The pages of a new address: ask for it, agree to it by mail, and take it back."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from nexus.accounts.change_email import FROM, TO, UNDO, Step, ask_to_change, confirm, look, undo
from nexus.accounts.forms import ChangeEmailForm, LinkForm
from nexus.accounts.refuse import REFUSALS, Errors, answer_refusal
from nexus.accounts.sessions import Person
from nexus.accounts.step_up import STEP_UP
from nexus.core.client import client_network
from nexus.core.db import Database
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, AnyRequest, page, see_other
from nexus.mail.mailbox import mailbox_path

EMAIL = "/settings/email"
CONFIRM = "/email/confirm"
TAKE_BACK = "/email/undo"


@get(EMAIL, opt={STEP_UP: True})
async def show_email(request: AnyRequest, person: NamedDependency[Person]) -> Response[Any]:
    """Ask for the new address."""
    return _email_page(request, person, ChangeEmailForm(), {})


@post(EMAIL, opt={STEP_UP: True})
async def take_email(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any]:
    """Send a link to both addresses."""
    form = await read_form(request, ChangeEmailForm)
    throttle, site, network = request.app.state.throttle, site_of(request), client_network(request)
    try:
        await ask_to_change(database, throttle, site, person, form.email, network=network)
    except REFUSALS as refused:
        return answer_refusal(
            refused, lambda errors, status: _email_page(request, person, form, errors, status)
        )
    return see_other(f"{EMAIL}?sent=1")


@get(CONFIRM, opt={PUBLIC: True})
async def show_confirm(
    request: AnyRequest, database: NamedDependency[Database], token: FromQuery[str] = ""
) -> Response[Any]:
    """Say what agreeing means; opening the link does nothing yet, mail scanners open all."""
    return await _ask(request, database, token, "confirm", FROM, TO)


@post(CONFIRM, opt={PUBLIC: True})
async def take_confirm(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Note that this mailbox agrees, and change the address when both do."""
    form = await read_form(request, LinkForm)
    step = await confirm(database, site_of(request), form.token, client_network(request))
    return _step_page(request, step)


@get(TAKE_BACK, opt={PUBLIC: True})
async def show_undo(
    request: AnyRequest, database: NamedDependency[Database], token: FromQuery[str] = ""
) -> Response[Any]:
    """Say what taking it back means."""
    return await _ask(request, database, token, "undo", UNDO)


@post(TAKE_BACK, opt={PUBLIC: True})
async def take_undo(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Give the old address back, and end every session."""
    form = await read_form(request, LinkForm)
    step = await undo(database, site_of(request), form.token, client_network(request))
    return _step_page(request, step)


async def _ask(
    request: AnyRequest, database: Database, token: str, act: str, *purposes: str
) -> Response[Any]:
    link = await look(database, token, *purposes)
    if link is None:
        return _step_page(request, Step("bad"), 200)
    return page(
        request,
        "accounts/email_link.html",
        act=act,
        token=token,
        email=link.email,
        is_old_mailbox=link.purpose == FROM,
    )


def _step_page(request: AnyRequest, step: Step, status_code: int | None = None) -> Response[Any]:
    went_well = step.outcome in {"waits", "changed", "undone"}
    return page(
        request,
        "accounts/email_step.html",
        status_code=status_code or (200 if went_well else 422),
        outcome=step.outcome,
        email=step.email,
    )


def _email_page(
    request: AnyRequest,
    person: Person,
    form: ChangeEmailForm,
    errors: Errors,
    status_code: int = 200,
) -> Response[Any]:
    return page(
        request,
        "accounts/change_email.html",
        status_code=status_code,
        old=person.email,
        email=form.email,
        sent=request.url.query == "sent=1",
        errors=errors,
        mailbox=mailbox_path(request.app.state.settings),
    )


route_handlers = [show_email, take_email, show_confirm, take_confirm, show_undo, take_undo]
