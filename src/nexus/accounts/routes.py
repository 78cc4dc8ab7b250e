"""The pages of this folder: sign in, sign out."""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts.errors import SignInRefusedError, TooManyAttemptsError
from nexus.accounts.forms import SignInForm, SignOutForm
from nexus.accounts.guard import SIGN_IN, local_path, recognise, session_token
from nexus.accounts.sessions import COOKIE, ENDS_AFTER, end_session
from nexus.accounts.sign_in import Attempt, sign_in
from nexus.core.client import client_network
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, page, see_other

AnyRequest = Request[Any, Any, Any]


@get(SIGN_IN, opt={PUBLIC: True})
async def show_sign_in(
    request: AnyRequest, wanted: Annotated[str, QueryParameter(name="next")] = "/"
) -> Response[Any]:
    """Show the form, or go on when somebody is signed in already."""
    if await recognise(request):
        return see_other(local_path(wanted))
    return _sign_in_page(request, SignInForm(next=wanted), {}, 200)


@post(SIGN_IN, opt={PUBLIC: True})
async def take_sign_in(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Sign in and go on; or show the form again, with what was typed except the password."""
    form = await read_form(request, SignInForm)
    errors = _missing(form)
    if errors:
        return _sign_in_page(request, form, errors, 422)
    try:
        token = await sign_in(database, request.app.state.throttle, _attempt(request, form))
    except TooManyAttemptsError as error:
        answer = _sign_in_page(request, form, {"": error.sentence}, error.status_code)
        answer.headers["Retry-After"] = str(error.wait_seconds)
        return answer
    except SignInRefusedError as error:
        return _sign_in_page(request, form, {"": error.sentence}, error.status_code)
    cookie = site_of(request).cookie(COOKIE, token, max_age=int(ENDS_AFTER.total_seconds()))
    return see_other(local_path(form.next), cookies=[cookie])


@post("/sign-out")
async def sign_out(request: AnyRequest, tx: NamedDependency[Transaction]) -> Response[Any]:
    """End this session here and in the database, so that a copied cookie is worth nothing."""
    await read_form(request, SignOutForm)
    await end_session(tx, session_token(request))
    return see_other(SIGN_IN, cookies=[site_of(request).without_cookie(COOKIE)])


def _missing(form: SignInForm) -> dict[str, str]:
    errors = {}
    if not form.email.strip():
        errors["email"] = "Write your e-mail address."
    if not form.password:
        errors["password"] = "Write your password."  # noqa: S105  a sentence, not a password
    return errors


def _attempt(request: AnyRequest, form: SignInForm) -> Attempt:
    return Attempt(
        email=form.email,
        password=form.password,
        network=client_network(request),
        user_agent=request.headers.get("user-agent", ""),
        old_token=session_token(request),
    )


def _sign_in_page(
    request: AnyRequest, form: SignInForm, errors: dict[str, str], status_code: int
) -> Response[Any]:
    return page(
        request,
        "accounts/sign_in.html",
        status_code=status_code,
        email=form.email,
        errors=errors,
        next=local_path(form.next),
        demo_login=request.app.state.demo_login,
    )


route_handlers = [show_sign_in, take_sign_in, sign_out]
