"""The ways to an OpenID issuer and back: to sign in, to add it, and to prove that it is you."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from nexus.accounts import begin_openid
from nexus.accounts.begin_openid import Begun, begin, take_begun
from nexus.accounts.errors import (
    AddressKnownError,
    IssuerRefusedError,
    SignInNeededError,
    SignInRefusedError,
    TooManyAttemptsError,
)
from nexus.accounts.forms import ConfirmForm, OpenIdForm
from nexus.accounts.guard import SIGN_IN, local_path, recognise, session_token
from nexus.accounts.known_browser import GOOD_FOR, KNOWN_COOKIE, read_tokens
from nexus.accounts.link_identity import find_linked, link, prove_by_issuer, unlink
from nexus.accounts.openid import OpenIdClient, Vouched
from nexus.accounts.proof_pages import go_on, session_cookie
from nexus.accounts.prove import asker_of
from nexus.accounts.sessions import Person
from nexus.accounts.sign_in_openid import Visit, sign_in_by_issuer
from nexus.accounts.step_up import FACTORS, PROVE, STEP_UP
from nexus.core.client import client_network
from nexus.core.csrf import binding_of
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.throttle import Rule
from nexus.core.web import PUBLIC, AnyRequest, page, see_other

SECOND_STEP = f"{SIGN_IN}/factor"
LINK = f"{FACTORS}/link"
IDENTITIES = f"{FACTORS}/identities"

# Each start is a row to remember; nothing can be guessed here.
PER_NETWORK = Rule("openid-network", limit=60, seconds=15 * 60)

TOO_LATE = (
    "This sign-in took longer than ten minutes, was finished already, or was begun in another"
    " browser. Start again."
)
NOT_DONE = "You did not finish at {label}. Start again, or sign in another way."


@post("/openid/{issuer:str}/start", opt={PUBLIC: True})
async def start_sign_in(
    request: AnyRequest, database: NamedDependency[Database], issuer: FromPath[str]
) -> Response[Any]:
    """Send the browser to the issuer, to sign in with what it says."""
    form = await read_form(request, OpenIdForm)
    return await _leave(request, database, issuer, begin_openid.SIGN_IN, local_path(form.next))


@post(f"{PROVE}/openid/{{issuer:str}}")
async def start_proof(
    request: AnyRequest, database: NamedDependency[Database], issuer: FromPath[str]
) -> Response[Any]:
    """Send the browser to the issuer, which asks who it is once more."""
    form = await read_form(request, OpenIdForm)
    return await _leave(request, database, issuer, begin_openid.PROVE, local_path(form.next))


@get(f"{LINK}/{{issuer:str}}", opt={STEP_UP: True})
async def show_link(request: AnyRequest, issuer: FromPath[str]) -> Response[Any]:
    """Ask whether the issuer shall sign this person in from now on."""
    client = _client(request, issuer)
    return page(request, "accounts/link_identity.html", issuer=client.issuer)


@post(f"{LINK}/{{issuer:str}}", opt={STEP_UP: True})
async def start_link(
    request: AnyRequest, database: NamedDependency[Database], issuer: FromPath[str]
) -> Response[Any]:
    """Send the browser to the issuer, to add the account it names."""
    await read_form(request, ConfirmForm)
    return await _leave(request, database, issuer, begin_openid.LINK, FACTORS)


@get("/openid/{issuer:str}/callback", opt={PUBLIC: True})
async def come_back(
    request: AnyRequest,
    database: NamedDependency[Database],
    issuer: FromPath[str],
    *,
    given: Annotated[str, QueryParameter(name="state")] = "",
    code: Annotated[str, QueryParameter()] = "",
    sender: Annotated[str, QueryParameter(name="iss")] = "",
) -> Response[Any]:
    """Finish what this browser began, with what the issuer says."""
    client = _client(request, issuer)
    begun, person = await _find_begun(request, database, client, given)
    if begun is None:
        return _refused(request, SignInRefusedError(TOO_LATE), FACTORS if person else SIGN_IN)
    back = FACTORS if begun.purpose == begin_openid.LINK else SIGN_IN
    try:
        await client.check_sender(sender)
        vouched = await client.exchange(begun.question, _needed(code, client))
        return await _finish(request, database, begun, vouched, person)
    except SignInRefusedError as error:
        return _refused(request, error, back)


@get(f"{IDENTITIES}/{{identity_id:int}}/remove", opt={STEP_UP: True})
async def show_unlink(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    identity_id: FromPath[int],
) -> Response[Any]:
    """Ask whether the account elsewhere shall really go."""
    identity = await find_linked(tx, person.id, identity_id)
    if identity is None:
        raise NotFoundException
    return page(request, "accounts/unlink_identity.html", identity=identity, errors={})


@post(f"{IDENTITIES}/{{identity_id:int}}/remove", opt={STEP_UP: True})
async def take_unlink(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    identity_id: FromPath[int],
) -> Response[Any]:
    """Remove it, unless it is the person's only way in."""
    await read_form(request, ConfirmForm)
    identity = await find_linked(tx, person.id, identity_id)
    if identity is None:
        raise NotFoundException
    label = f"{_label(request, identity.issuer)} ({identity.email or 'no address'})"
    try:
        token = await unlink(tx, site_of(request), asker_of(request, person), identity, label)
    except SignInRefusedError as error:
        errors = {"": error.sentence}
        return page(
            request,
            "accounts/unlink_identity.html",
            status_code=error.status_code,
            identity=identity,
            errors=errors,
        )
    return go_on(request, token, FACTORS)


async def _leave(
    request: AnyRequest, database: Database, issuer: str, purpose: str, wanted: str
) -> Response[Any]:
    """Answer with a page that takes the browser to the issuer.

    Not with a redirect: our content policy lets forms lead to our own pages only, and browsers
    hold redirects after a form to that as well.
    """
    client, bound_to = _client(request, issuer), binding_of(request)
    if bound_to is None:
        raise SignInNeededError
    back = SIGN_IN if purpose == begin_openid.SIGN_IN else FACTORS
    wait = await request.app.state.throttle.take(PER_NETWORK, client_network(request))
    if wait:
        return _refused(request, TooManyAttemptsError(wait), back)
    try:
        address = await begin(
            database, site_of(request), client, bound_to=bound_to, purpose=purpose, wanted=wanted
        )
    except SignInRefusedError as error:
        return _refused(request, error, back)
    return page(request, "accounts/to_issuer.html", label=client.issuer.label, address=address)


async def _find_begun(
    request: AnyRequest, database: Database, client: OpenIdClient, state: str
) -> tuple[Begun | None, Person | None]:
    """Find what was begun in this browser before signing in, or by whoever is signed in here."""
    site, visitor, person = site_of(request), binding_of(request), await recognise(request)
    for bound_to in (visitor, f"session:{person.session_id}" if person else None):
        if bound_to is not None:
            begun = await take_begun(database, site, client, state, bound_to=bound_to)
            if begun is not None:
                return begun, person
    return None, person


def _needed(code: str, client: OpenIdClient) -> str:
    """Give the code; without one the person turned back, or the issuer turned them away.

    What it writes about that is not shown: anybody could have put it into a link.
    """
    if not code:
        raise SignInRefusedError(NOT_DONE.format(label=client.issuer.label))
    return code


async def _finish(
    request: AnyRequest, database: Database, begun: Begun, vouched: Vouched, person: Person | None
) -> Response[Any]:
    if begun.purpose == begin_openid.SIGN_IN:
        return await _sign_in(request, database, begun, vouched)
    if person is None:
        raise IssuerRefusedError(vouched.issuer.label)
    asker = asker_of(request, person)
    if begun.purpose == begin_openid.PROVE:
        token = await prove_by_issuer(database, asker, vouched, asked_at=begun.asked_at)
        return go_on(request, token, begun.wanted)
    async with database.transaction() as tx:
        token = await link(tx, site_of(request), asker, vouched)
    return go_on(request, token, FACTORS)


async def _sign_in(
    request: AnyRequest, database: Database, begun: Begun, vouched: Vouched
) -> Response[Any]:
    site = site_of(request)
    visit = Visit(
        user_agent=request.headers.get("user-agent", ""),
        network=client_network(request),
        old_token=session_token(request),
        known=read_tokens(request.cookies.get(site.cookie_name(KNOWN_COOKIE), "")),
    )
    signed_in = await sign_in_by_issuer(database, vouched, visit)
    wanted = local_path(begun.wanted)
    if signed_in.factor_pending:
        wanted = f"{SECOND_STEP}?{urlencode({'next': wanted})}"
    known = site.cookie(KNOWN_COOKIE, signed_in.known, max_age=int(GOOD_FOR.total_seconds()))
    return see_other(wanted, cookies=[session_cookie(request, signed_in.token), known])


def _refused(request: AnyRequest, error: SignInRefusedError, back: str) -> Response[Any]:
    """Say in our words what went wrong, and where to go on."""
    if isinstance(error, AddressKnownError):
        back = f"{SIGN_IN}?{urlencode({'next': FACTORS})}"
    answer = page(
        request,
        "accounts/openid_refused.html",
        status_code=error.status_code,
        sentence=error.sentence,
        back=back,
    )
    if isinstance(error, TooManyAttemptsError):
        answer.headers["Retry-After"] = str(error.wait_seconds)
    return answer


def _client(request: AnyRequest, issuer: str) -> OpenIdClient:
    """Find an issuer that is configured; raise NotFoundException (404) for any other."""
    client: OpenIdClient | None = request.app.state.openid.get(issuer)
    if client is None:
        raise NotFoundException
    return client


def _label(request: AnyRequest, address: str) -> str:
    """Say what people call an issuer; its address where it is not configured any more."""
    clients: dict[str, OpenIdClient] = request.app.state.openid
    known = {client.issuer.address: client.issuer.label for client in clients.values()}
    return known.get(address, address)


route_handlers = [
    start_sign_in,
    start_proof,
    show_link,
    start_link,
    come_back,
    show_unlink,
    take_unlink,
]
