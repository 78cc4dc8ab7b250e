"""The security page, the authenticator app and the recovery codes."""

from typing import Annotated, Any, Final

import segno
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from nexus.accounts.errors import FactorRefusedError, SignInRefusedError, TooManyAttemptsError
from nexus.accounts.factor_changes import after_added, after_removed, remake_recovery_codes
from nexus.accounts.factors import factors_of
from nexus.accounts.forms import CodeForm, ConfirmForm
from nexus.accounts.proof_pages import go_on, refused, session_cookie
from nexus.accounts.prove import asker_of
from nexus.accounts.sessions import Person
from nexus.accounts.step_up import FACTORS, STEP_UP
from nexus.accounts.totp import (
    NOT_A_CODE,
    WRITE_THE_CODE,
    Offer,
    confirm_totp,
    is_shaped,
    offer_totp,
    remove_totp,
)
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.throttle import Rule, Throttle
from nexus.core.web import AnyRequest, page, see_other

TOTP = f"{FACTORS}/totp"
RECOVERY = f"{FACTORS}/recovery-codes"
TOTP_PAGE = "accounts/totp.html"
APP = "An authenticator app"
# Many: whoever adds an app sees its secret anyway, and a clock may be wrong at first.
ADDING: Final = Rule("totp-adding", limit=30, seconds=15 * 60)
WRONG_CODE = (
    "This is not the code we expect. Check that your phone's clock is right, then write the"
    " newest code."
)


@get(FACTORS)
async def show_security(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    needed: Annotated[str, QueryParameter()] = "",
) -> Response[Any]:
    """Show how this person signs in, and what they can add."""
    factors = await factors_of(tx, person.id)
    ask = needed == "1" and not factors.has_second
    issuers = request.app.state.issuers
    return page(request, "accounts/security.html", factors=factors, needed=ask, issuers=issuers)


@get(TOTP, opt={STEP_UP: True})
async def show_totp(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Show the secret to add to an app; the same one until it was confirmed, for an hour."""
    offer = await _offer(request, tx, person)
    if offer is None:
        return see_other(FACTORS)
    return page(request, TOTP_PAGE, errors={}, **_shown(offer))


@post(TOTP, opt={STEP_UP: True})
async def take_totp(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any]:
    """Add the app when its first code is right, and show the recovery codes."""
    form = await read_form(request, CodeForm)
    asker, throttle = asker_of(request, person), request.app.state.throttle
    try:
        await _count_adding(throttle, person, form.code)
        async with database.transaction() as tx:
            if not await confirm_totp(tx, site_of(request).secret, person.id, form.code):
                raise FactorRefusedError(WRONG_CODE, "code")
            token, codes = await after_added(tx, site_of(request), asker, "totp_added", APP)
    except SignInRefusedError as error:
        return await _totp_again(request, database, person, error)
    await throttle.give_back(ADDING, str(person.id))
    return show_codes(request, token, codes)


@get(f"{TOTP}/remove", opt={STEP_UP: True})
async def show_remove_totp(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Ask whether the app shall really go."""
    factors = await factors_of(tx, person.id)
    if not factors.totp_since:
        return see_other(FACTORS)
    last = not factors.passkeys
    return page(
        request, "accounts/remove_factor.html", what=APP, action=f"{TOTP}/remove", last=last
    )


@post(f"{TOTP}/remove", opt={STEP_UP: True})
async def take_remove_totp(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Remove the app."""
    await read_form(request, ConfirmForm)
    if not await remove_totp(tx, person.id):
        return see_other(FACTORS)
    left = await factors_of(tx, person.id)
    asker, site = asker_of(request, person), site_of(request)
    last = not left.has_second
    token = await after_removed(tx, site, asker, "totp_removed", APP, last=last)
    return go_on(request, token, FACTORS)


@get(RECOVERY, opt={STEP_UP: True})
async def show_recovery(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Say how many codes are left, and offer new ones."""
    factors = await factors_of(tx, person.id)
    if not factors.has_second:
        return see_other(FACTORS)
    return page(request, "accounts/remake_recovery_codes.html", left=factors.recovery_codes_left)


@post(RECOVERY, opt={STEP_UP: True})
async def take_recovery(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Make new codes and show them, this once."""
    await read_form(request, ConfirmForm)
    factors = await factors_of(tx, person.id)
    if not factors.has_second:
        return see_other(FACTORS)
    token, codes = await remake_recovery_codes(tx, site_of(request), asker_of(request, person))
    return show_codes(request, token, codes)


def show_codes(request: AnyRequest, token: str, codes: list[str]) -> Response[Any]:
    """Show new recovery codes; without any, go to the security page. Both set the new token."""
    if not codes:
        return go_on(request, token, FACTORS)
    answer = page(request, "accounts/recovery_codes.html", codes=codes)
    answer.set_cookie(session_cookie(request, token))
    return answer


async def _count_adding(throttle: Throttle, person: Person, code: str) -> None:
    """Refuse what cannot be a code; count the rest as a try, and raise TooManyAttemptsError."""
    if not is_shaped(code):
        raise FactorRefusedError(NOT_A_CODE if code.strip() else WRITE_THE_CODE, "code")
    wait = await throttle.take(ADDING, str(person.id))
    if wait:
        raise TooManyAttemptsError(wait)


async def _offer(request: AnyRequest, tx: Transaction, person: Person) -> Offer | None:
    return await offer_totp(tx, site_of(request).secret, person.id, person.email)


async def _totp_again(
    request: AnyRequest, database: Database, person: Person, error: SignInRefusedError
) -> Response[Any]:
    async with database.transaction() as tx:
        offer = await _offer(request, tx, person)
    if offer is None:
        return see_other(FACTORS)
    return refused(request, TOTP_PAGE, error, **_shown(offer))


def _shown(offer: Offer) -> dict[str, Any]:
    """Give the page the secret, and the picture of it for an app to scan."""
    code = segno.make(offer.address, error="m", micro=False)
    picture = code.svg_data_uri(scale=5, border=3, light="white", xmldecl=False)
    return {"offer": offer, "picture": picture}


route_handlers = [
    show_security,
    show_totp,
    take_totp,
    show_remove_totp,
    take_remove_totp,
    show_recovery,
    take_recovery,
]
