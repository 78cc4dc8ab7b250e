"""The page that asks whether it is still you, before something dangerous."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts.errors import SignInRefusedError
from nexus.accounts.factors import Factors, factors_of
from nexus.accounts.forms import ConfirmForm, PasskeyForm, ProveForm
from nexus.accounts.guard import local_path
from nexus.accounts.proof_pages import go_on, prove_by_form, refused, what_is_missing
from nexus.accounts.prove import ask_to_prove_by_passkey, asker_of, prove_by_passkey
from nexus.accounts.sessions import Person
from nexus.accounts.step_up import FACTOR, PROVE, is_fresh, is_proven_by_factor
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, page, see_other

TEMPLATE = "accounts/prove.html"


@get(PROVE)
async def show_prove(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    wanted: Annotated[str, QueryParameter(name="next")] = "/",
    by: Annotated[str, QueryParameter()] = "",
) -> Response[Any]:
    """Ask for a proof, or go on when the last one is fresh and of the kind that is asked for."""
    if is_fresh(person) and (by != FACTOR or is_proven_by_factor(person)):
        return see_other(local_path(wanted))
    context = _context(request, await factors_of(tx, person.id), wanted)
    return page(request, TEMPLATE, errors={}, **context)


@post(PROVE)
async def take_proof(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any]:
    """Check a password, a code or a recovery code, and go on."""
    form = await read_form(request, ProveForm)
    context = _context(request, await _factors(database, person), form.next)
    if errors := what_is_missing(form, context["factors"]):
        return page(request, TEMPLATE, status_code=422, errors=errors, **context)
    try:
        token = await prove_by_form(request, database, asker_of(request, person), form)
    except SignInRefusedError as error:
        return refused(request, TEMPLATE, error, **context)
    return go_on(request, token, form.next)


@post(f"{PROVE}/passkey/options", status_code=200)
async def offer_proof_by_passkey(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> dict[str, Any]:
    """Give our script what the browser needs to show a passkey."""
    await read_form(request, ConfirmForm)
    return await ask_to_prove_by_passkey(tx, site_of(request), asker_of(request, person))


@post(f"{PROVE}/passkey")
async def take_proof_by_passkey(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any]:
    """Check a passkey and go on."""
    form = await read_form(request, PasskeyForm)
    asker = asker_of(request, person)
    try:
        token = await prove_by_passkey(database, site_of(request), asker, form.credential)
    except SignInRefusedError as error:
        context = _context(request, await _factors(database, person), form.next)
        return refused(request, TEMPLATE, error, **context)
    return go_on(request, token, form.next)


async def _factors(database: Database, person: Person) -> Factors:
    async with database.transaction() as tx:
        return await factors_of(tx, person.id)


def _context(request: AnyRequest, factors: Factors, wanted: str) -> dict[str, Any]:
    issuers = request.app.state.issuers
    return {"factors": factors, "next": local_path(wanted), "issuers": issuers}


route_handlers = [show_prove, take_proof, offer_proof_by_passkey, take_proof_by_passkey]
