"""The page of one's own limits: tighter at once, wider only with a fresh proof."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency

from nexus.accounts.sessions import Person
from nexus.accounts.step_up import PROVE, STEP_UP, is_fresh
from nexus.bots.forms import ActForm, LimitsForm
from nexus.bots.limit_words import all_words
from nexus.bots.limits import Limits, Purse
from nexus.bots.limits_form import Errors, read_limits, written
from nexus.bots.set_limits import own_limits, restart_drawdown, set_limits
from nexus.bots.standing import allowances_of
from nexus.core.client import client_network
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, page, see_other

LIMITS = "/settings/limits"
SAVED = "saved"
FIELDS = frozenset(Limits.__slots__)
LONGEST_TEXT = 40
"""What is carried through a proof is what was typed; more than this was not."""


@get(LIMITS)
async def show_limits(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[str]:
    """Show the limits in force; coming back from a proof, what was typed before it."""
    typed = _typed(request)
    form = LimitsForm(**typed) if typed else written(await own_limits(tx, person.id))
    return await _limits_page(request, person, tx, form, unsaved=bool(typed))


@post(LIMITS)
async def take_limits(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Keep the limits, or show the form again with the mistakes and what was typed."""
    form = await read_form(request, LimitsForm)
    limits, errors = read_limits(form)
    if errors:
        return await _limits_page(request, person, tx, form, errors=errors)
    kept = await set_limits(
        tx, person.id, limits, proven=is_fresh(person), network=client_network(request)
    )
    return see_other(f"{LIMITS}?{SAVED}=1" if kept else _proof_and_back(written(limits)))


@post(f"{LIMITS}/restart", opt={STEP_UP: True})
async def take_restart(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[Any]:
    """Measure the fall from now on."""
    await read_form(request, ActForm)
    await restart_drawdown(tx, person.id, network=client_network(request))
    return see_other(f"{LIMITS}?{SAVED}=1")


def _typed(request: AnyRequest) -> dict[str, str]:
    """Read from the address what was typed before a proof was asked for."""
    query = request.query_params
    return {
        name: text
        for name in sorted(FIELDS)
        if isinstance(text := query.get(name), str) and len(text) <= LONGEST_TEXT
    }


def _proof_and_back(form: LimitsForm) -> str:
    """Name the page that asks for a proof, and leads back to what was typed."""
    typed = {name: getattr(form, name) for name in sorted(FIELDS)}
    return f"{PROVE}?{urlencode({'next': f'{LIMITS}?{urlencode(typed)}'})}"


async def _limits_page(
    request: AnyRequest,
    person: Person,
    tx: Transaction,
    form: LimitsForm,
    *,
    errors: Errors | None = None,
    unsaved: bool = False,
) -> Response[str]:
    limits = await own_limits(tx, person.id)
    allowances = await allowances_of(tx, {person.id: limits})
    return page(
        request,
        "settings/limits.html",
        status_code=422 if errors else 200,
        form={name: getattr(form, name) for name in FIELDS},
        errors=errors or {},
        unsaved=unsaved,
        saved=SAVED in request.query_params,
        limits=limits,
        standings=[(purse, a.standing) for purse, a in sorted(allowances.items(), key=_order)],
        blocks=all_words(allowances.values(), now()),
    )


def _order(item: tuple[Purse, object]) -> tuple[bool, str]:
    """Put real money first."""
    return item[0].practice, item[0].quote


route_handlers = [show_limits, take_limits, take_restart]
