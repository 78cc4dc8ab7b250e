"""The page that runs a practice bot with real money: a checklist, and then the form."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from nexus.accounts.audit import write_audit
from nexus.accounts.sessions import Person
from nexus.accounts.step_up import require_live_proof
from nexus.bots.errors import BotRefusedError
from nexus.bots.forms import CloneForm, read_amount
from nexus.bots.minimum import smallest_allocation
from nexus.bots.models import Bot
from nexus.bots.readiness import Check, checks_of, free_of, live_accounts
from nexus.bots.routes import own_bot
from nexus.bots.routes_new import read_account
from nexus.bots.start import create_bot
from nexus.bots.views import BotView
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import form_in_address, read_form
from nexus.core.render import plain
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, onwards, page

NOT_READY = "Something on the list is not done yet. No bot was made."
NOT_THIS = "Choose one of your exchange accounts that work."
RISK_UNKNOWN = "Tick this once you have read it. Without it no real money is used."


@get("/bots/{bot_id:int}/live")
async def show_clone(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[str]:
    """Show what is still to be done, and once all of it is, the form."""
    bot = await _practice_bot(tx, state, person, bot_id)
    checks = await checks_of(tx, person, demo=site_of(request).demo)
    if all(check.done for check in checks):
        _ask_for_proof(request, person)
    typed = form_in_address(request, CloneForm)
    form = CloneForm(account=typed.account, allocation=typed.allocation or plain(bot.allocation))
    return await _clone_page(request, tx, state, bot=bot, form=form, checks=checks)


@post("/bots/{bot_id:int}/live")
async def take_clone(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[Any]:
    """Make the same bot on an account with real money; the practice bot goes on."""
    form = await read_form(request, CloneForm)
    bot = await _practice_bot(tx, state, person, bot_id)
    checks = await checks_of(tx, person, demo=site_of(request).demo)
    try:
        made = await _clone(request, person, tx, state, bot=bot, form=form, checks=checks)
    except BotRefusedError as refused:
        return await _clone_page(
            request, tx, state, bot=bot, form=form, checks=checks, refused=refused
        )
    return onwards(request, f"/bots/{made.id}")


async def _practice_bot(tx: Transaction, state: State, person: Person, bot_id: int) -> BotView:
    """Read the person's own practice bot; one with real money has nothing to be copied to."""
    bot = await own_bot(tx, state, person, bot_id)
    if bot.venue != "paper":
        raise NotFoundException
    return bot


async def _clone(
    request: AnyRequest,
    person: Person,
    tx: Transaction,
    state: State,
    *,
    bot: BotView,
    form: CloneForm,
    checks: list[Check],
) -> Bot:
    if not all(check.done for check in checks):
        raise BotRefusedError("", NOT_READY)
    account_id = read_account(form.account)
    if account_id not in {account.id for account in await live_accounts(tx, person.id)}:
        raise BotRefusedError("account", NOT_THIS)
    minimum = await smallest_allocation(tx, state.settings)
    allocation = read_amount("allocation", form.allocation, at_least=minimum, unit=bot.quote)
    if not form.risk:
        raise BotRefusedError("risk", RISK_UNKNOWN)
    _ask_for_proof(request, person, {"account": form.account, "allocation": form.allocation})
    made = await _create(tx, bot, account_id, allocation)
    await write_audit(
        tx, "bot_went_live",
        user_id=person.id, actor_id=person.id, network=client_network(request),
        bot=made.id, copied=bot.id, allocation=plain(allocation),
    )  # fmt: skip
    return made


async def _create(tx: Transaction, bot: BotView, account_id: int, allocation: Decimal) -> Bot:
    """Make the bot; that the account has one already is said at the account."""
    original = await tx.get_one(Bot, bot.id)
    try:
        return await create_bot(
            tx,
            user_id=bot.user_id,
            account_id=account_id,
            strategy=original.strategy,
            symbol=bot.symbol,
            allocation=allocation,
        )
    except BotRefusedError as refused:
        if refused.field == "symbol":
            raise BotRefusedError("account", refused.sentence) from None
        raise


def _ask_for_proof(
    request: AnyRequest, person: Person, typed: Mapping[str, str] | None = None
) -> None:
    """Ask for a fresh proof; the demo's exchange is a simulated one."""
    if not site_of(request).demo:
        require_live_proof(person, typed)


async def _clone_page(
    request: AnyRequest,
    tx: Transaction,
    state: State,
    *,
    bot: BotView,
    form: CloneForm,
    checks: list[Check],
    refused: BotRefusedError | None = None,
) -> Response[str]:
    accounts = await live_accounts(tx, bot.user_id)
    free = await free_of(tx, accounts, bot.quote)
    return page(
        request,
        "bots/live.html",
        block="form",
        status_code=422 if refused else 200,
        bot=bot,
        checks=checks,
        ready=all(check.done for check in checks),
        accounts=[
            (one.id, one.label, one.venue, free[one.id].free if one.id in free else None)
            for one in accounts
        ],
        form={"account": form.account, "allocation": form.allocation, "risk": form.risk},
        errors={refused.field: refused.sentence} if refused else {},
        minimum=await smallest_allocation(tx, state.settings),
    )


route_handlers = [show_clone, take_clone]
