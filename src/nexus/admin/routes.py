"""The rooms where people are: find them, look at one, help them, give them a role."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from nexus.accounts.audit import write_audit
from nexus.accounts.errors import TooManyAttemptsError
from nexus.accounts.reset import ask_for_reset
from nexus.accounts.roles import ROOMS, reaches, staff
from nexus.accounts.sessions import Person
from nexus.admin.act import (
    ACTS,
    ROLE_WORDS,
    disable,
    enable,
    end_sessions,
    may_act_on,
    refuse_wrong_target,
    set_role,
)
from nexus.admin.errors import ActRefusedError
from nexus.admin.forms import HelpForm, RoleForm, read_id, read_reason
from nexus.admin.queries import (
    PEOPLE_AT_ONCE,
    PersonView,
    count_people,
    find_people,
    view_entries,
    view_person,
    view_sessions,
)
from nexus.core.client import client_network
from nexus.core.db import Database, Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, page, see_other

PERSON = f"{ROOMS}/people/{{person_id:str}}"
LONGEST_SEARCH = 254
CHANGES = {"end_sessions": end_sessions, "disable": disable, "enable": enable}


@get(ROOMS, opt=staff("reader"))
async def show_people(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    email: Annotated[str, QueryParameter()] = "",
    before: Annotated[str, QueryParameter()] = "",
) -> Response[str]:
    """Show who is here, newest first, or whose address has the words in it."""
    email = email.strip()[:LONGEST_SEARCH]
    people = await find_people(tx, email, read_id(before))
    counts = await count_people(tx)
    # That somebody looked, not for whom: what was typed may be anybody's address.
    await _note(request, tx, person, None, "people_listed", searched=bool(email))
    return page(
        request, "admin/people.html",
        people=people, counts=counts, email=email,
        more=people[-1].id if len(people) == PEOPLE_AT_ONCE else None,
    )  # fmt: skip


@get(PERSON, opt=staff("reader"))
async def show_person(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    person_id: FromPath[str],
) -> Response[str]:
    """Show what we know of one person, to help them; that somebody looked is written down."""
    shown = await _person(tx, person_id)
    await _note(request, tx, person, shown.id, "person_viewed")
    return await _person_page(request, tx, person, shown)


@post(PERSON, opt=staff("support"))
async def help_person(
    request: AnyRequest,
    person: NamedDependency[Person],
    database: NamedDependency[Database],
    person_id: FromPath[str],
) -> Response[Any]:
    """Do one of the acts, with its reason, and show the person as they are then."""
    form = await read_form(request, HelpForm)
    async with database.transaction() as tx:
        shown = await _person(tx, person_id)
    try:
        await _act(request, database, person, shown, form)
    except ActRefusedError as error:
        async with database.transaction() as tx:
            return await _person_page(request, tx, person, shown, reason=form.reason, refused=error)
    return see_other(f"{ROOMS}/people/{shown.id}")


@get(f"{PERSON}/role", opt=staff("admin"))
async def show_role(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    person_id: FromPath[str],
) -> Response[str]:
    """Show which role somebody has, and the others."""
    shown = await _person(tx, person_id)
    await _note(request, tx, person, shown.id, "person_viewed")
    return _role_page(request, shown, RoleForm(role=shown.role), {}, 200)


@post(f"{PERSON}/role", opt=staff("admin"))
async def take_role(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    person_id: FromPath[str],
) -> Response[Any]:
    """Give somebody the role that was chosen, and sign them out."""
    form = await read_form(request, RoleForm)
    shown = await _person(tx, person_id)
    network = client_network(request)
    try:
        reason = read_reason(form.reason)
        await refuse_wrong_target(tx, person, shown.id)
        await set_role(tx, shown.id, form.role, reason=reason, actor_id=person.id, network=network)
    except ActRefusedError as error:
        return _role_page(request, shown, form, {error.field: error.sentence}, 422)
    return see_other(f"{ROOMS}/people/{shown.id}")


async def _act(
    request: AnyRequest, database: Database, actor: Person, shown: PersonView, form: HelpForm
) -> None:
    if form.act not in ACTS:
        raise ActRefusedError("", "Press one of the buttons.")
    reason, network = read_reason(form.reason), client_network(request)
    async with database.transaction() as tx:
        email = await refuse_wrong_target(tx, actor, shown.id)
        if form.act != "send_reset":
            await CHANGES[form.act](tx, actor, shown.id, reason=reason, network=network)
            return
        # Before the mail: an act that is not in the audit must not happen.
        await _note(request, tx, actor, shown.id, "reset_sent", reason=reason)
    throttle, site = request.app.state.throttle, site_of(request)
    try:
        await ask_for_reset(database, throttle, site, email, network)
    except TooManyAttemptsError as error:
        raise ActRefusedError("", error.sentence) from None


async def _note(
    request: AnyRequest,
    tx: Transaction,
    actor: Person,
    user_id: int | None,
    act: str,
    **detail: str | bool,
) -> None:
    network = client_network(request)
    await write_audit(tx, act, user_id=user_id, actor_id=actor.id, network=network, **detail)


async def _person(tx: Transaction, person_id: str) -> PersonView:
    """Read who has the id in the address; raise NotFoundException when nobody has."""
    number = read_id(person_id)
    shown = await view_person(tx, number) if number is not None else None
    if shown is None:
        raise NotFoundException
    return shown


async def _person_page(
    request: AnyRequest,
    tx: Transaction,
    actor: Person,
    shown: PersonView,
    *,
    reason: str = "",
    refused: ActRefusedError | None = None,
) -> Response[str]:
    helps = reaches(actor.role, "support") and may_act_on(actor, shown.id, shown.role)
    return page(
        request, "admin/person.html", status_code=422 if refused else 200,
        shown=shown,
        sessions=await view_sessions(tx, shown.id),
        entries=await view_entries(tx, user_id=shown.id),
        helps=helps,
        decides=actor.role == "admin" and helps,
        reason=reason,
        errors={refused.field: refused.sentence} if refused else {},
    )  # fmt: skip


def _role_page(
    request: AnyRequest,
    shown: PersonView,
    form: RoleForm,
    errors: dict[str, str],
    status_code: int,
) -> Response[str]:
    return page(
        request, "admin/role.html", status_code=status_code,
        shown=shown, roles=ROLE_WORDS, role=form.role, reason=form.reason, errors=errors,
    )  # fmt: skip


route_handlers = [show_people, show_person, help_person, show_role, take_role]
