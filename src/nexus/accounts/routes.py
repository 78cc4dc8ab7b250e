"""The pages of this folder: sign in, sign out."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts.ask_consent import BEFORE_CONSENT
from nexus.accounts.audit import write_audit
from nexus.accounts.errors import SignInRefusedError, TooManyAttemptsError
from nexus.accounts.forms import SignInForm, SignOutForm
from nexus.accounts.guard import SIGN_IN, local_path, recognise, session_token
from nexus.accounts.known_browser import GOOD_FOR, KNOWN_COOKIE, read_tokens
from nexus.accounts.sessions import COOKIE, ENDS_AFTER, Person, end_session
from nexus.accounts.sign_in import Attempt, SignedIn, sign_in
from nexus.core.client import client_network
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, AnyRequest, page, see_other

SECOND_STEP = f"{SIGN_IN}/factor"


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
        state = request.app.state
        signed_in = await sign_in(database, state.throttle, state.refusals, _attempt(request, form))
    except TooManyAttemptsError as error:
        answer = _sign_in_page(request, form, {"": error.sentence}, error.status_code)
        answer.headers["Retry-After"] = str(error.wait_seconds)
        return answer
    except SignInRefusedError as error:
        return _sign_in_page(request, form, {"": error.sentence}, error.status_code)
    return _go_on(request, signed_in, local_path(form.next))


@post("/sign-out", opt={BEFORE_CONSENT: True})
async def sign_out(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """End this session here and in the database, so that a copied cookie is worth nothing."""
    await read_form(request, SignOutForm)
    await end_session(tx, session_token(request))
    await write_audit(
        tx, "signed_out",
        user_id=person.id, actor_id=person.id, network=client_network(request),
    )  # fmt: skip
    return see_other(SIGN_IN, cookies=[site_of(request).without_cookie(COOKIE)])


def _go_on(request: AnyRequest, signed_in: SignedIn, wanted: str) -> Response[Any]:
    """Hand over the cookies, and go on to the page that was wanted or to the second factor."""
    site = site_of(request)
    cookies = [
        site.cookie(COOKIE, signed_in.token, max_age=int(ENDS_AFTER.total_seconds())),
        site.cookie(KNOWN_COOKIE, signed_in.known, max_age=int(GOOD_FOR.total_seconds())),
    ]
    if signed_in.factor_pending:
        wanted = f"{SECOND_STEP}?{urlencode({'next': wanted})}"
    return see_other(wanted, cookies=cookies)


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
        known=read_tokens(request.cookies.get(site_of(request).cookie_name(KNOWN_COOKIE), "")),
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
        issuers=request.app.state.issuers,
    )


route_handlers = [show_sign_in, take_sign_in, sign_out]
