"""The form for a new bot, and what such a bot would have done lately."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy import select

from nexus.accounts.sessions import Person
from nexus.accounts.step_up import require_live_proof
from nexus.bots.errors import BotRefusedError
from nexus.bots.forms import NewBotForm, read_amount
from nexus.bots.look_back import FEES, past_decisions
from nexus.bots.minimum import smallest_allocation
from nexus.bots.models import Bot
from nexus.bots.preview import Preview, preview
from nexus.bots.start import create_bot
from nexus.core.db import Transaction
from nexus.core.forms import form_in_address, read_form
from nexus.core.ids import LARGEST_ID
from nexus.core.render import plain
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, onwards, page
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.queries import account_of, accounts_of


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a new bot, each part known to be one that can be."""

    strategy: str
    symbol: str
    account_id: int
    allocation: Decimal

    @property
    def typed(self) -> dict[str, str]:
        """The same as the fields of the form."""
        return {
            "strategy": self.strategy,
            "symbol": self.symbol,
            "account": str(self.account_id),
            "allocation": plain(self.allocation),
        }


@get("/bots/new")
async def show_new_bot(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show the form for a new bot; who may choose real money in it proves themselves first."""
    await _ask_for_proof_of_live(request, tx, person)
    form = form_in_address(request, NewBotForm)
    return await _new_bot_page(request, person, tx, state, form=form)


@post("/bots/new")
async def take_new_bot(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[Any]:
    """Make the bot, or show the form again with the mistakes and what was typed."""
    form = await read_form(request, NewBotForm)
    try:
        bot = await _create(request, person, tx, state, form)
    except BotRefusedError as error:
        return await _new_bot_page(request, person, tx, state, form=form, refused=error)
    return onwards(request, f"/bots/{bot.id}")


@post("/bots/new/preview")
async def show_preview(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show what such a bot would have done; nothing is made, and what was typed stays."""
    form = await read_form(request, NewBotForm)
    try:
        choice = await _choice(tx, state, form)
        seen = await _look_back(tx, state, person, choice)
    except BotRefusedError as error:
        return await _new_bot_page(
            request, person, tx, state, form=form, refused=error, looked=(None, error.sentence)
        )
    return await _new_bot_page(request, person, tx, state, form=form, looked=(seen, ""))


async def _look_back(tx: Transaction, state: State, person: Person, choice: Choice) -> Preview:
    """Follow the stored decisions with the amount, at the fee of the account's venue."""
    account = await account_of(tx, person.id, choice.account_id)
    if account is None:
        raise BotRefusedError("account", "Choose one of your connected accounts.")
    fee_bps = FEES.get(account.venue, state.settings.paper_fee_bps)
    decisions = await past_decisions(tx, choice.strategy, choice.symbol)
    return preview(decisions, choice.allocation, fee_bps)


async def _choice(tx: Transaction, state: State, form: NewBotForm) -> Choice:
    """Read what was chosen. Raises BotRefusedError at the first field that is none."""
    if form.strategy not in state.strategies:
        raise BotRefusedError("strategy", "Choose one of the strategies.")
    if form.symbol not in state.settings.symbols:
        raise BotRefusedError("symbol", "Choose one of the symbols.")
    account = read_account(form.account)
    minimum = await smallest_allocation(tx, state.settings)
    quote = form.symbol.partition("/")[2]
    allocation = read_amount("allocation", form.allocation, at_least=minimum, unit=quote)
    return Choice(form.strategy, form.symbol, account, allocation)


def read_account(text: str) -> int:
    """Read which account was chosen. Raises BotRefusedError for what is no id."""
    if not text.isascii() or not text.isdecimal() or len(text) >= len(str(LARGEST_ID)):
        raise BotRefusedError("account", "Choose one of your connected accounts.")
    return int(text)


async def _create(
    request: AnyRequest, person: Person, tx: Transaction, state: State, form: NewBotForm
) -> Bot:
    choice = await _choice(tx, state, form)
    await _ask_for_proof_of_live(request, tx, person, choice)
    return await create_bot(
        tx,
        user_id=person.id,
        account_id=choice.account_id,
        strategy=choice.strategy,
        symbol=choice.symbol,
        allocation=choice.allocation,
    )


async def _ask_for_proof_of_live(
    request: AnyRequest, tx: Transaction, person: Person, choice: Choice | None = None
) -> None:
    """Ask for a fresh proof where real money is at risk: on the chosen account, or on any.

    The demo's exchange is a simulated one, so there is none.
    """
    if site_of(request).demo:
        return
    mine = await accounts_of(tx, person.id)
    if any(not one.on_paper and (choice is None or one.id == choice.account_id) for one in mine):
        require_live_proof(person, typed=choice.typed if choice else None)


async def _new_bot_page(
    request: AnyRequest,
    person: Person,
    tx: Transaction,
    state: State,
    *,
    form: NewBotForm | None = None,
    refused: BotRefusedError | None = None,
    looked: tuple[Preview | None, str] | None = None,
) -> Response[str]:
    """Show the form; after a refusal with its sentence and with what was typed.

    `looked` is what was seen when looking back, or a sentence why nothing was.
    """
    form = form or NewBotForm()
    seen, said = looked or (None, "")
    strategies = state.strategies.values()
    return page(
        request,
        "bots/new.html",
        block="preview" if looked else "form",
        status_code=422 if refused or said else 200,
        symbols=state.settings.symbols,
        strategies=[(known.name, known.label, known.summary) for known in strategies],
        accounts=await _accounts(tx, person, state.settings.symbols[0].partition("/")[2]),
        form={
            "strategy": form.strategy or next(iter(state.strategies)),
            "symbol": form.symbol,
            "account": form.account,
            "allocation": form.allocation,
        },
        errors={refused.field: refused.sentence} if refused else {},
        minimum=await smallest_allocation(tx, state.settings),
        seen=seen,
        said=said,
    )


async def _accounts(tx: Transaction, person: Person, quote: str) -> list[tuple[Any, ...]]:
    """Read the person's connected accounts: id, label, venue and what is free in `quote`."""
    rows = await tx.execute(
        select(
            ExchangeAccount.id, ExchangeAccount.label, ExchangeAccount.venue, AccountBalance.free
        )
        .outerjoin(
            AccountBalance,
            (AccountBalance.account_id == ExchangeAccount.id) & (AccountBalance.asset == quote),
        )
        .where(ExchangeAccount.user_id == person.id, ExchangeAccount.status == "active")
        .order_by(ExchangeAccount.id)
    )
    return [tuple(row) for row in rows]


route_handlers = [show_new_bot, take_new_bot, show_preview]
