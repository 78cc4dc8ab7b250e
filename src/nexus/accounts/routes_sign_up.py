"""The pages of joining: sign up, write the code of the mail, or open its link."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from nexus.accounts import sign_up, verify
from nexus.accounts.consent import DOCUMENTS, today
from nexus.accounts.errors import AccountRefusedError
from nexus.accounts.forms import ConfirmForm, MailCodeForm, SignUpForm, VerifyForm
from nexus.accounts.guard import HOME, recognise, session_token
from nexus.accounts.known_browser import GOOD_FOR, KNOWN_COOKIE, read_tokens
from nexus.accounts.models import SignUp
from nexus.accounts.passwords import check_new_password, hash_password
from nexus.accounts.refuse import REFUSALS, Errors, answer_refusal
from nexus.accounts.register import check_email
from nexus.accounts.sessions import COOKIE, ENDS_AFTER
from nexus.core.client import client_network
from nexus.core.csrf import binding_of
from nexus.core.db import Database
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import PUBLIC, AnyRequest, page, see_other
from nexus.mail.mailbox import mailbox_path

SIGN_UP = "/sign-up"
CHECK = "/sign-up/check"


@get(SIGN_UP, opt={PUBLIC: True})
async def show_sign_up(request: AnyRequest) -> Response[Any]:
    """Show the form, or go on when somebody is signed in already."""
    if await recognise(request):
        return see_other(HOME)
    return _sign_up_page(request, SignUpForm(), {})


@post(SIGN_UP, opt={PUBLIC: True})
async def take_sign_up(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Send a mail and ask for its code; the same for every address."""
    form = await read_form(request, SignUpForm)
    if errors := _mistakes(form):
        return _sign_up_page(request, form, errors, 422)
    try:
        await _ask_to_join(request, database, form)
    except REFUSALS as refused:
        return answer_refusal(
            refused, lambda named, status: _sign_up_page(request, form, named, status)
        )
    return see_other(CHECK)


@get(CHECK, opt={PUBLIC: True})
async def show_check(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Ask for the code of the mail, or for the address when this browser waits for none."""
    waiting = await _waiting_here(request, database)
    return _check_page(request, waiting, {}) if waiting else see_other(SIGN_UP)


@post(CHECK, opt={PUBLIC: True})
async def take_code(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Make the person whose mail was read here, sign them in, and show them their first page."""
    form = await read_form(request, MailCodeForm)
    waiting = await _waiting_here(request, database)
    if waiting is None:
        return see_other(SIGN_UP)
    errors = {"code": verify.WRONG_CODE}
    try:
        await verify.count_try(request.app.state.throttle, client_network(request))
        async with database.transaction() as tx:
            right = await verify.is_the_code(tx, site_of(request), waiting, form.code)
    except REFUSALS as refused:
        return answer_refusal(
            refused, lambda named, status: _check_page(request, waiting, named, status)
        )
    if not right:
        return _check_page(request, waiting, errors, 422, typed=form.code)
    return await _welcome(request, database, waiting, waiting.password_hash, waiting.consents)


@post("/sign-up/again", opt={PUBLIC: True})
async def send_again(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Send another mail to the address that this browser waits for."""
    await read_form(request, ConfirmForm)
    waiting = await _waiting_here(request, database)
    if waiting is None:
        return see_other(SIGN_UP)
    network = client_network(request)
    try:
        await sign_up.send_again(
            database, request.app.state.throttle, site_of(request), waiting, network
        )
    except REFUSALS as refused:
        return answer_refusal(
            refused, lambda named, status: _check_page(request, waiting, named, status)
        )
    return see_other(f"{CHECK}?sent=again")


@get("/verify", opt={PUBLIC: True})
async def show_verify(
    request: AnyRequest, database: NamedDependency[Database], token: FromQuery[str] = ""
) -> Response[Any]:
    """Show whose address a link confirms; opening it does nothing yet, mail scanners open all."""
    waiting = await _waiting_for(database, token)
    return _verify_page(request, waiting, VerifyForm(token=token), {})


@post("/verify", opt={PUBLIC: True})
async def take_verify(request: AnyRequest, database: NamedDependency[Database]) -> Response[Any]:
    """Make the person whose mail was read, sign them in, and show them their first page."""
    form = await read_form(request, VerifyForm)
    waiting = await _waiting_for(database, form.token)
    if waiting is None:
        return _verify_page(request, None, form, {}, 422)
    if sign_up.was_asked_in(waiting, _visitor(request)):
        return await _welcome(request, database, waiting, waiting.password_hash, waiting.consents)
    errors = _not_accepted({"terms": form.terms, "risk": form.risk})
    try:
        await verify.count_try(request.app.state.throttle, client_network(request))
        password_hash = await hash_password(form.password, waiting.email)
        _refuse(errors)
    except REFUSALS as refused:
        return answer_refusal(
            refused,
            lambda named, status: _verify_page(request, waiting, form, errors | named, status),
        )
    return await _welcome(request, database, waiting, password_hash, today())


async def _ask_to_join(request: AnyRequest, database: Database, form: SignUpForm) -> None:
    """Hand the wish on."""
    wish = sign_up.Wish(
        email=form.email,
        password=form.password,
        consents=today(),
        visitor=_visitor(request),
        network=client_network(request),
    )
    await sign_up.ask_to_join(database, request.app.state.throttle, site_of(request), wish)


async def _welcome(
    request: AnyRequest,
    database: Database,
    waiting: SignUp,
    password_hash: str,
    consents: dict[str, str],
) -> Response[Any]:
    """Make the person and sign them in here; or say that the link has run out meanwhile."""
    site = site_of(request)
    browser = verify.Browser(
        user_agent=request.headers.get("user-agent", ""),
        network=client_network(request),
        old_token=session_token(request),
        known=read_tokens(request.cookies.get(site.cookie_name(KNOWN_COOKIE), "")),
    )
    async with database.transaction() as tx:
        joined = await verify.finish(
            tx, waiting, password_hash=password_hash, consents=consents, browser=browser
        )
    if joined is None:
        return _verify_page(request, None, VerifyForm(), {}, 422)
    cookies = [
        site.cookie(COOKIE, joined.token, max_age=int(ENDS_AFTER.total_seconds())),
        site.cookie(KNOWN_COOKIE, joined.known, max_age=int(GOOD_FOR.total_seconds())),
    ]
    return see_other(HOME, cookies=cookies)


async def _waiting_here(request: AnyRequest, database: Database) -> SignUp | None:
    async with database.transaction() as tx:
        return await sign_up.waiting_in(tx, _visitor(request))


async def _waiting_for(database: Database, token: str) -> SignUp | None:
    async with database.transaction() as tx:
        return await sign_up.waiting_for(tx, token)


def _visitor(request: AnyRequest) -> str:
    """Name this browser by its visitor cookie; nobody's wish has the empty name."""
    return binding_of(request) or ""


def _not_accepted(ticked: Mapping[str, str]) -> Errors:
    """Name the boxes that were not ticked; one of an older version accepts nothing."""
    return {
        document.name: f"Accept the {document.title.lower()} to go on."
        for document in DOCUMENTS
        if ticked[document.name] != document.version
    }


def _mistakes(form: SignUpForm) -> Errors:
    """Name everything that is wrong with a form at once; nothing of it tells who is here."""
    errors = _not_accepted({"terms": form.terms, "risk": form.risk})
    try:
        check_email(form.email)
    except AccountRefusedError as refused:
        errors[refused.field] = refused.sentence
    try:
        check_new_password(form.password, form.email)
    except AccountRefusedError as refused:
        errors[refused.field] = refused.sentence
    return errors


def _refuse(errors: Errors) -> None:
    for field, sentence in errors.items():
        raise AccountRefusedError(field, sentence)


def _sign_up_page(
    request: AnyRequest, form: SignUpForm, errors: Errors, status_code: int = 200
) -> Response[Any]:
    return page(
        request,
        "accounts/sign_up.html",
        status_code=status_code,
        form=form,
        errors=errors,
        documents=DOCUMENTS,
        issuers=request.app.state.issuers,
    )


def _check_page(
    request: AnyRequest, waiting: SignUp, errors: Errors, status_code: int = 200, *, typed: str = ""
) -> Response[Any]:
    return page(
        request,
        "accounts/check_mail.html",
        status_code=status_code,
        email=waiting.email,
        typed=typed,
        sent_again=request.url.query == "sent=again",
        errors=errors,
        mailbox=mailbox_path(request.app.state.settings),
    )


def _verify_page(
    request: AnyRequest,
    waiting: SignUp | None,
    form: VerifyForm,
    errors: Errors,
    status_code: int = 200,
) -> Response[Any]:
    here = waiting is not None and sign_up.was_asked_in(waiting, _visitor(request))
    return page(
        request,
        "accounts/verify.html",
        status_code=status_code,
        email=waiting.email if waiting else "",
        is_known=waiting is not None,
        asked_here=here,
        form=form,
        errors=errors,
        documents=DOCUMENTS,
    )


route_handlers = [
    show_sign_up,
    take_sign_up,
    show_check,
    take_code,
    send_again,
    show_verify,
    take_verify,
]
