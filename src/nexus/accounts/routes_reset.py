"""The pages of a forgotten password: ask for a mail, and choose a new one by its link."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from nexus.accounts.forms import ForgotForm, ResetForm
from nexus.accounts.refuse import REFUSALS, Errors, answer_refusal
from nexus.accounts.reset import NewPassword, ask_for_reset, is_good, reset_password
from nexus.core.client import client_network
from nexus.core.db import Database
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, AnyRequest, page, see_other
from nexus.mail.mailbox import mailbox_path

FORGOT = "/forgot"
SENT = "/forgot/sent"
RESET = "/reset"
DONE = "/reset/done"


@get(FORGOT, opt={PUBLIC: True})
async def show_forgot(request: AnyRequest) -> Response[Any]:
    """Ask for the address."""
    return _forgot_page(request, ForgotForm(), {})


@post(FORGOT, opt={PUBLIC: True})
async def take_forgot(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Send a mail; the same answer for every address."""
    form = await read_form(request, ForgotForm)
    throttle, site, network = request.app.state.throttle, site_of(request), client_network(request)
    try:
        await ask_for_reset(database, throttle, site, form.email, network)
    except REFUSALS as refused:
        return answer_refusal(
            refused, lambda errors, status: _forgot_page(request, form, errors, status)
        )
    return see_other(SENT)


@get(SENT, opt={PUBLIC: True})
async def show_sent(request: AnyRequest) -> Response[Any]:
    """Say that a mail was sent, to whatever address it was."""
    return page(
        request, "accounts/forgot_sent.html", mailbox=mailbox_path(request.app.state.settings)
    )


@get(RESET, opt={PUBLIC: True})
async def show_reset(
    request: AnyRequest, database: NamedDependency[Database], token: FromQuery[str] = ""
) -> Response[Any]:
    """Show the form for a new password; opening the link does not use it up."""
    form = ResetForm(token=token)
    return _reset_page(request, form, {}, good=await is_good(database, token))


@post(RESET, opt={PUBLIC: True})
async def take_reset(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Take the new password; whoever has a second factor still shows it when they sign in."""
    form = await read_form(request, ResetForm)
    throttle, site = request.app.state.throttle, site_of(request)
    wish = NewPassword(form.token, form.password, client_network(request))
    try:
        done = await reset_password(database, throttle, site, wish)
    except REFUSALS as refused:
        return answer_refusal(
            refused, lambda errors, status: _reset_page(request, form, errors, status)
        )
    return see_other(DONE) if done else _reset_page(request, form, {}, 422, good=False)


@get(DONE, opt={PUBLIC: True})
async def show_done(request: AnyRequest) -> Response[Any]:
    """Say that the password is changed, and lead to the sign-in page."""
    return page(request, "accounts/reset_done.html")


def _forgot_page(
    request: AnyRequest, form: ForgotForm, errors: Errors, status_code: int = 200
) -> Response[Any]:
    return page(
        request, "accounts/forgot.html", status_code=status_code, email=form.email, errors=errors
    )


def _reset_page(
    request: AnyRequest,
    form: ResetForm,
    errors: Errors,
    status_code: int = 200,
    *,
    good: bool = True,
) -> Response[Any]:
    return page(
        request,
        "accounts/reset.html",
        status_code=status_code,
        token=form.token,
        errors=errors,
        good=good,
    )


route_handlers = [show_forgot, take_forgot, show_sent, show_reset, take_reset, show_done]
