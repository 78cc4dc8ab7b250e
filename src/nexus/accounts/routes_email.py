"""The pages of a new address: ask for it, agree to it by mail, and take it back."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from nexus.accounts.change_email import FROM, TO, UNDO, Step, ask_to_change, confirm, look, undo
from nexus.accounts.forms import ChangeEmailForm, ConfirmForm, LinkForm
from nexus.accounts.pending_email import PendingEmail, call_off, pending_email
from nexus.accounts.refuse import REFUSALS, Errors, answer_refusal
from nexus.accounts.sessions import Person
from nexus.accounts.step_up import STEP_UP
from nexus.core.client import client_network
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, AnyRequest, page, see_other
from nexus.mail.mailbox import mailbox_path

EMAIL = "/settings/email"
CANCEL = f"{EMAIL}/cancel"
CONFIRM = "/email/confirm"
TAKE_BACK = "/email/undo"


@get(EMAIL, opt={STEP_UP: True})
async def show_email(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any]:
    """Ask for the new address, and say which change waits."""
    pending = await _pending(database, person)
    return _email_page(request, person, ChangeEmailForm(), {}, pending=pending)


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
        pending = await _pending(database, person)
        return answer_refusal(
            refused,
            lambda errors, status: _email_page(
                request, person, form, errors, status, pending=pending
            ),
        )
    return see_other(f"{EMAIL}?sent=1")


@post(CANCEL, opt={STEP_UP: True})
async def cancel_email(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Call the change that waits off."""
    await read_form(request, ConfirmForm)
    await call_off(tx, person, client_network(request))
    return see_other(f"{EMAIL}?called=off")


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
    return _step_page(request, step, act="undo")


async def _ask(
    request: AnyRequest, database: Database, token: str, act: str, *purposes: str
) -> Response[Any]:
    link = await look(database, token, *purposes)
    if link is None:
        return _step_page(request, Step("bad"), 200, act=act)
    return page(
        request,
        "accounts/email_link.html",
        act=act,
        token=token,
        email=link.email,
        is_old_mailbox=link.purpose == FROM,
    )


def _step_page(
    request: AnyRequest, step: Step, status_code: int | None = None, *, act: str = "confirm"
) -> Response[Any]:
    went_well = step.outcome in {"waits", "changed", "undone"}
    return page(
        request,
        "accounts/email_step.html",
        status_code=status_code or (200 if went_well else 422),
        outcome=step.outcome,
        email=step.email,
        act=act,
        mailbox=mailbox_path(request.app.state.settings),
    )


async def _pending(database: Database, person: Person) -> PendingEmail | None:
    async with database.transaction() as tx:
        return await pending_email(tx, person.id)


def _email_page(
    request: AnyRequest,
    person: Person,
    form: ChangeEmailForm,
    errors: Errors,
    status_code: int = 200,
    *,
    pending: PendingEmail | None,
) -> Response[Any]:
    return page(
        request,
        "accounts/change_email.html",
        status_code=status_code,
        old=person.email,
        email=form.email,
        pending=pending,
        sent=request.url.query == "sent=1",
        called_off=request.url.query == "called=off",
        errors=errors,
        mailbox=mailbox_path(request.app.state.settings),
    )


route_handlers = [
    show_email,
    take_email,
    cancel_email,
    show_confirm,
    take_confirm,
    show_undo,
    take_undo,
]
