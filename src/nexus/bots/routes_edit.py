"""The page on which a bot is given another amount: what it means is said before it is done."""

from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from nexus.accounts.errors import SecondFactorNeededError
from nexus.accounts.sessions import Person
from nexus.accounts.step_up import PROVE, is_fresh
from nexus.bots.edit import CHANGED_MEANWHILE, change_allocation, meaning
from nexus.bots.errors import BotRefusedError
from nexus.bots.forms import EditForm, read_amount
from nexus.bots.minimum import smallest_allocation
from nexus.bots.routes import own_bot
from nexus.bots.views import BotView
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.render import plain
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, onwards, page

LONGEST_TEXT = 40
"""What is carried through a proof is what was typed; more than this was not."""


@get("/bots/{bot_id:int}/edit")
async def show_edit(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[str]:
    """Show the amount; coming back from a proof, what was typed before it."""
    bot = await own_bot(tx, state, person, bot_id)
    typed = request.query_params.get("allocation", "")[:LONGEST_TEXT]
    form = EditForm(allocation=typed or plain(bot.allocation), was=plain(bot.allocation))
    return await _edit_page(request, tx, state, bot, form)


@post("/bots/{bot_id:int}/edit")
async def take_edit(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[Any]:
    """Say what the amount means; once that was read, give the bot the amount."""
    form = await read_form(request, EditForm)
    bot = await own_bot(tx, state, person, bot_id)
    try:
        minimum = await smallest_allocation(tx, state.settings)
        wanted = read_amount("allocation", form.allocation, at_least=minimum, unit=bot.quote)
        if _risks_more(request, bot, wanted) and not _proven(person):
            typed = urlencode({"allocation": form.allocation.strip()})
            return _to_proof(request, f"/bots/{bot.id}/edit?{typed}")
        if not form.confirm:
            return await _edit_page(request, tx, state, bot, form, wanted=wanted)
        await change_allocation(
            tx, bot, wanted, was=_was(form.was), network=client_network(request)
        )
    except BotRefusedError as refused:
        return await _edit_page(request, tx, state, bot, form, refused=refused)
    return onwards(request, f"/bots/{bot.id}")


def _was(text: str) -> Decimal:
    """Read the amount that the page carried along."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BotRefusedError("", CHANGED_MEANWHILE) from None


def _risks_more(request: AnyRequest, bot: BotView, wanted: Decimal) -> bool:
    """Say whether more real money is put at risk; the demo's exchange is a simulated one."""
    return bot.venue != "paper" and wanted > bot.allocation and not site_of(request).demo


def _proven(person: Person) -> bool:
    """Say whether the person proved themselves lately. Raises SecondFactorNeededError."""
    if not person.has_second_factor:
        raise SecondFactorNeededError
    return is_fresh(person)


def _to_proof(request: AnyRequest, back: str) -> Response[Any]:
    """Ask for a proof that leads back to what was typed."""
    address = f"{PROVE}?{urlencode({'next': back})}"
    return onwards(request, address)


async def _edit_page(
    request: AnyRequest,
    tx: Transaction,
    state: State,
    bot: BotView,
    form: EditForm,
    *,
    wanted: Decimal | None = None,
    refused: BotRefusedError | None = None,
) -> Response[str]:
    changes = wanted is not None and wanted != bot.allocation
    return page(
        request,
        "bots/edit.html",
        block="form",
        status_code=422 if refused else 200,
        bot=bot,
        form={"allocation": form.allocation, "was": plain(bot.allocation)},
        errors={refused.field: refused.sentence} if refused else {},
        minimum=await smallest_allocation(tx, state.settings),
        wanted=wanted,
        meanings=meaning(bot, wanted) if wanted is not None and changes else [],
    )


route_handlers = [show_edit, take_edit]
