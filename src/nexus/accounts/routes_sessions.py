"""Where somebody is signed in, and how they end it there."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from nexus.accounts.audit import write_audit
from nexus.accounts.forms import LARGEST_ID, ConfirmForm
from nexus.accounts.guard import SIGN_IN
from nexus.accounts.known_browser import KNOWN_COOKIE, forget_browsers, read_tokens
from nexus.accounts.queries import sessions_of
from nexus.accounts.sessions import (
    COOKIE,
    Person,
    end_all_sessions,
    end_one_session,
    end_other_sessions,
)
from nexus.accounts.step_up import STEP_UP
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, page, see_other

SESSIONS = "/settings/sessions"


@get(SESSIONS)
async def show_sessions(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """List the browsers in which this person is signed in."""
    found = await sessions_of(tx, person.id, here=person.session_id)
    return page(request, "settings/sessions.html", sessions=found)


@post(f"{SESSIONS}/{{session_id:int}}/end", opt={STEP_UP: True})
async def end_one(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    session_id: FromPath[int],
) -> Response[Any]:
    """Sign one browser out; 404 for a session that is not this person's, or is over."""
    await read_form(request, ConfirmForm)
    known = session_id <= LARGEST_ID
    if not known or not await end_one_session(tx, person.id, session_id):
        raise NotFoundException
    await write_audit(
        tx, "session_ended",
        user_id=person.id, actor_id=person.id, network=client_network(request),
    )  # fmt: skip
    if session_id == person.session_id:
        return _signed_out(request)
    return see_other(SESSIONS)


@post(f"{SESSIONS}/end-others", opt={STEP_UP: True})
async def end_others(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Sign this person out everywhere but here."""
    await read_form(request, ConfirmForm)
    ended = await end_other_sessions(tx, person.id, keep=person.session_id)
    await _forget_others(request, person, tx)
    await _write(request, person, tx, ended)
    return see_other(SESSIONS)


@post(f"{SESSIONS}/end-all", opt={STEP_UP: True})
async def end_all(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Sign this person out everywhere, here too."""
    await read_form(request, ConfirmForm)
    ended = await end_all_sessions(tx, person.id)
    await _forget_others(request, person, tx)
    await _write(request, person, tx, ended)
    return _signed_out(request)


async def _forget_others(request: AnyRequest, person: Person, tx: Transaction) -> None:
    """Forget the browsers as well: whoever has them now gets no more tries than a stranger."""
    cookie = request.cookies.get(site_of(request).cookie_name(KNOWN_COOKIE), "")
    await forget_browsers(tx, person.id, keep=read_tokens(cookie))


async def _write(request: AnyRequest, person: Person, tx: Transaction, ended: int) -> None:
    await write_audit(
        tx, "sessions_ended",
        user_id=person.id, actor_id=person.id, network=client_network(request), sessions=ended,
    )  # fmt: skip


def _signed_out(request: AnyRequest) -> Response[Any]:
    return see_other(SIGN_IN, cookies=[site_of(request).without_cookie(COOKIE)])


route_handlers = [show_sessions, end_one, end_others, end_all]
