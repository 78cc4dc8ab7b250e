"""Signing in with a passkey; and the pages where passkeys are added, named and removed."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath

from nexus.accounts.errors import AccountRefusedError, FactorRefusedError, TooManyAttemptsError
from nexus.accounts.factor_changes import after_added, after_removed
from nexus.accounts.factors import factors_of
from nexus.accounts.forms import ConfirmForm, NewPasskeyForm, PasskeyForm, PasskeyNameForm
from nexus.accounts.guard import SIGN_IN, local_path, session_token
from nexus.accounts.models import Passkey
from nexus.accounts.passkeys import (
    add_passkey,
    find_passkey,
    offer_passkey,
    remove_passkey,
    rename_passkey,
)
from nexus.accounts.proof_pages import go_on
from nexus.accounts.prove import asker_of
from nexus.accounts.routes_factors import show_codes
from nexus.accounts.sessions import Person
from nexus.accounts.sign_in_passkey import (
    PasskeyAttempt,
    ask_to_sign_in_by_passkey,
    sign_in_by_passkey,
)
from nexus.accounts.step_up import FACTORS, STEP_UP
from nexus.core.client import client_network
from nexus.core.csrf import binding_of
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, AnyRequest, page, see_other

NEW = f"{FACTORS}/passkeys/new"
ONE = f"{FACTORS}/passkeys/{{passkey_id:int}}"


@post(f"{SIGN_IN}/passkey/options", opt={PUBLIC: True}, status_code=200)
async def offer_sign_in_by_passkey(
    request: AnyRequest, database: NamedDependency[Database]
) -> Response[Any]:
    """Give our script what the browser needs to offer its passkeys."""
    await read_form(request, ConfirmForm)
    try:
        options = await ask_to_sign_in_by_passkey(
            database,
            request.app.state.throttle,
            site_of(request),
            visitor=_visitor(request),
            network=client_network(request),
        )
    except TooManyAttemptsError as error:
        headers = {"Retry-After": str(error.wait_seconds)}
        return Response({}, status_code=error.status_code, headers=headers)
    return Response(options)


@post(f"{SIGN_IN}/passkey", opt={PUBLIC: True})
async def take_sign_in_by_passkey(
    request: AnyRequest, database: NamedDependency[Database]
) -> Response[Any]:
    """Sign in and go on, or say why not."""
    form = await read_form(request, PasskeyForm)
    attempt = PasskeyAttempt(
        credential=form.credential,
        visitor=_visitor(request),
        network=client_network(request),
        user_agent=request.headers.get("user-agent", ""),
        old_token=session_token(request),
    )
    throttle = request.app.state.throttle
    try:
        token = await sign_in_by_passkey(database, throttle, site_of(request), attempt)
    except FactorRefusedError as error:
        context = {"sentence": error.sentence, "next": local_path(form.next)}
        return page(request, "accounts/passkey_refused.html", status_code=422, **context)
    return go_on(request, token, form.next)


@get(NEW, opt={STEP_UP: True})
async def show_new_passkey(request: AnyRequest) -> Response[Any]:
    """Show where a passkey is named and made."""
    return _new_page(request, "Passkey", {}, 200)


@post(f"{NEW}/options", opt={STEP_UP: True}, status_code=200)
async def offer_new_passkey(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> dict[str, Any]:
    """Give our script what the browser needs to make a passkey."""
    await read_form(request, ConfirmForm)
    return await offer_passkey(
        tx,
        site_of(request),
        user_id=person.id,
        email=person.email,
        display_name=person.display_name,
        bound_to=_session(person),
    )


@post(NEW, opt={STEP_UP: True})
async def take_new_passkey(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Add a passkey; as the first factor it brings recovery codes, which are shown."""
    form = await read_form(request, NewPasskeyForm)
    asker, site = asker_of(request, person), site_of(request)
    try:
        await add_passkey(
            tx,
            site,
            user_id=person.id,
            bound_to=_session(person),
            credential=form.credential,
            name=form.name,
        )
    except AccountRefusedError as error:
        return _new_page(request, form.name, {error.field: error.sentence}, 422)
    except FactorRefusedError as error:
        return _new_page(request, form.name, {error.field: error.sentence}, error.status_code)
    token, codes = await after_added(tx, site, asker, "passkey_added", "A passkey", how="passkey")
    return show_codes(request, token, codes)


@get(ONE)
async def show_passkey(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    passkey_id: FromPath[int],
) -> Response[Any]:
    """Show one passkey, with its name to change and the way to remove it."""
    passkey = await _find(tx, person, passkey_id)
    return _passkey_page(request, passkey, passkey.name, {}, 200)


@post(ONE)
async def take_passkey_name(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    passkey_id: FromPath[int],
) -> Response[Any]:
    """Give one passkey another name."""
    form = await read_form(request, PasskeyNameForm)
    passkey = await _find(tx, person, passkey_id)
    try:
        await rename_passkey(tx, person.id, passkey_id, form.name)
    except AccountRefusedError as error:
        errors = {error.field: error.sentence}
        return _passkey_page(request, passkey, form.name, errors, 422)
    return see_other(FACTORS)


@get(f"{ONE}/remove", opt={STEP_UP: True})
async def show_remove_passkey(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    passkey_id: FromPath[int],
) -> Response[Any]:
    """Ask whether the passkey shall really go."""
    passkey = await _find(tx, person, passkey_id)
    factors = await factors_of(tx, person.id)
    return page(
        request,
        "accounts/remove_factor.html",
        what=f"The passkey “{passkey.name}”",
        action=f"{FACTORS}/passkeys/{passkey.id}/remove",
        last=len(factors.passkeys) == 1 and not factors.totp_since,
    )


@post(f"{ONE}/remove", opt={STEP_UP: True})
async def take_remove_passkey(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    passkey_id: FromPath[int],
) -> Response[Any]:
    """Remove the passkey."""
    await read_form(request, ConfirmForm)
    await _find(tx, person, passkey_id)
    await remove_passkey(tx, person.id, passkey_id)
    left = await factors_of(tx, person.id)
    asker, site = asker_of(request, person), site_of(request)
    token = await after_removed(
        tx, site, asker, "passkey_removed", "A passkey", last=not left.has_second
    )
    return go_on(request, token, FACTORS)


async def _find(tx: Transaction, person: Person, passkey_id: int) -> Passkey:
    """Find one of the person's passkeys; raise NotFoundException for anybody else's."""
    passkey = await find_passkey(tx, person.id, passkey_id)
    if passkey is None:
        raise NotFoundException
    return passkey


def _visitor(request: AnyRequest) -> str:
    """Name the browser; the CSRF guard has let none in that has no name."""
    visitor = binding_of(request)
    if visitor is None:
        raise ClientException
    return visitor


def _session(person: Person) -> str:
    return f"session:{person.session_id}"


def _new_page(
    request: AnyRequest, name: str, errors: dict[str, str], status_code: int
) -> Response[Any]:
    return page(
        request, "accounts/new_passkey.html", status_code=status_code, name=name, errors=errors
    )


def _passkey_page(
    request: AnyRequest, passkey: Passkey, name: str, errors: dict[str, str], status_code: int
) -> Response[Any]:
    return page(
        request,
        "accounts/passkey.html",
        status_code=status_code,
        passkey=passkey,
        name=name,
        errors=errors,
    )


route_handlers = [
    offer_sign_in_by_passkey,
    take_sign_in_by_passkey,
    show_new_passkey,
    offer_new_passkey,
    take_new_passkey,
    show_passkey,
    take_passkey_name,
    show_remove_passkey,
    take_remove_passkey,
]
