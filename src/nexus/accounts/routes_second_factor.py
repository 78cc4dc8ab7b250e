"""The step after the password, for whoever has a second factor."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts.errors import SignInNeededError, SignInRefusedError
from nexus.accounts.factors import Factors, factors_of
from nexus.accounts.forms import ConfirmForm, PasskeyForm, ProveForm
from nexus.accounts.guard import SIGN_IN, local_path, session_token
from nexus.accounts.known_browser import (
    GOOD_FOR,
    KNOWN_COOKIE,
    find_known,
    read_tokens,
    remember_browser,
)
from nexus.accounts.proof_pages import go_on, prove_by_form, refused, what_is_missing
from nexus.accounts.prove import Asker, ask_to_prove_by_passkey, prove_by_passkey
from nexus.accounts.sessions import find_pending
from nexus.core.client import client_network
from nexus.core.db import Database
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, AnyRequest, page, see_other

SECOND_STEP = f"{SIGN_IN}/factor"
TEMPLATE = "accounts/second_factor.html"


@get(SECOND_STEP, opt={PUBLIC: True})
async def show_second_factor(
    request: AnyRequest,
    database: NamedDependency[Database],
    wanted: Annotated[str, QueryParameter(name="next")] = "/",
) -> Response[Any]:
    """Ask whose password was right for their second factor; send everybody else to sign in."""
    try:
        asker, factors = await _find_asker(request, database)
    except SignInNeededError:
        # Without the way back: whoever is signed in already would be sent in circles.
        return see_other(SIGN_IN)
    if not factors.has_second:
        return see_other(SIGN_IN)
    return page(request, TEMPLATE, errors={}, **_context(asker, factors, wanted))


@post(SECOND_STEP, opt={PUBLIC: True})
async def take_second_factor(
    request: AnyRequest, database: NamedDependency[Database]
) -> Response[Any]:
    """Check a code or a recovery code; then the person is signed in."""
    form = await read_form(request, ProveForm)
    asker, factors = await _find_asker(request, database)
    context = _context(asker, factors, form.next)
    if errors := what_is_missing(form, factors):
        return page(request, TEMPLATE, status_code=422, errors=errors, **context)
    try:
        token = await prove_by_form(request, database, asker, form)
    except SignInRefusedError as error:
        return refused(request, TEMPLATE, error, **context)
    return await _let_in(request, database, asker, token, form.next)


@post(f"{SECOND_STEP}/passkey/options", opt={PUBLIC: True}, status_code=200)
async def offer_passkey_as_second_factor(
    request: AnyRequest, database: NamedDependency[Database]
) -> dict[str, Any]:
    """Give our script what the browser needs to show a passkey."""
    await read_form(request, ConfirmForm)
    asker, _ = await _find_asker(request, database)
    async with database.transaction() as tx:
        return await ask_to_prove_by_passkey(tx, site_of(request), asker)


@post(f"{SECOND_STEP}/passkey", opt={PUBLIC: True})
async def take_passkey_as_second_factor(
    request: AnyRequest, database: NamedDependency[Database]
) -> Response[Any]:
    """Check a passkey; then the person is signed in."""
    form = await read_form(request, PasskeyForm)
    asker, factors = await _find_asker(request, database)
    try:
        token = await prove_by_passkey(database, site_of(request), asker, form.credential)
    except SignInRefusedError as error:
        return refused(request, TEMPLATE, error, **_context(asker, factors, form.next))
    return await _let_in(request, database, asker, token, form.next)


async def _let_in(
    request: AnyRequest, database: Database, asker: Asker, token: str, wanted: str
) -> Response[Any]:
    """Go on, and remember the browser, which has shown all there is to show by now."""
    async with database.transaction() as tx:
        known = await remember_browser(tx, asker.user_id, _shown_tokens(request))
    answer = go_on(request, token, wanted)
    answer.set_cookie(
        site_of(request).cookie(KNOWN_COOKIE, known, max_age=int(GOOD_FOR.total_seconds()))
    )
    return answer


async def _find_asker(request: AnyRequest, database: Database) -> tuple[Asker, Factors]:
    """Find whose password was right a moment ago; raise SignInNeededError when nobody's was."""
    async with database.transaction() as tx:
        pending = await find_pending(tx, session_token(request))
        if pending is None:
            raise SignInNeededError
        factors = await factors_of(tx, pending.user_id)
        known = await find_known(tx, pending.email, _shown_tokens(request)) is not None
    asker = Asker(
        pending.user_id,
        pending.email,
        pending.session_id,
        client_network(request),
        pending=True,
        known=known,
    )
    return asker, factors


def _shown_tokens(request: AnyRequest) -> tuple[str, ...]:
    """Read what this browser shows to be recognised by."""
    return read_tokens(request.cookies.get(site_of(request).cookie_name(KNOWN_COOKIE), ""))


def _context(asker: Asker, factors: Factors, wanted: str) -> dict[str, Any]:
    return {"factors": factors, "next": local_path(wanted), "email": asker.email}


route_handlers = [
    show_second_factor,
    take_second_factor,
    offer_passkey_as_second_factor,
    take_passkey_as_second_factor,
]
