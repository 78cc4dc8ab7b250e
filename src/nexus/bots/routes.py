"""The pages of this folder: make a bot, start it, pause it, stop and close it."""

import secrets
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy import select

from nexus.accounts.sessions import Person
from nexus.accounts.step_up import require_live_proof
from nexus.bots.close import request_close
from nexus.bots.errors import BotRefusedError
from nexus.bots.forms import ActForm, CloseForm, NewBotForm, read_amount
from nexus.bots.minimum import smallest_allocation
from nexus.bots.start import create_bot, pause_bot, start_bot, stop_bot
from nexus.bots.views import BotView, bot_of
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.ids import LARGEST_ID
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, is_fragment, page, see_other
from nexus.exchanges.models import AccountBalance, ExchangeAccount
from nexus.exchanges.queries import accounts_of

BOTS = "/#bots"
KEY_LENGTH = range(16, 65)


@get("/bots/new")
async def show_new_bot(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show the form for a new bot; who may choose real money in it proves themselves first."""
    await _ask_for_proof_of_live(request, tx, person)
    return await _new_bot_page(request, person, tx, state)


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
        await _create(request, person, tx, state, form)
    except BotRefusedError as error:
        return await _new_bot_page(request, person, tx, state, form=form, refused=error)
    return see_other(BOTS)


@post("/bots/{bot_id:int}/start")
async def start(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[Any]:
    """Let a bot follow again; a bot that does already is left as it is."""
    await read_form(request, ActForm)
    bot = await _own_bot(tx, state, person, bot_id)
    if bot.venue != "paper" and not site_of(request).demo:
        require_live_proof(person)
    await start_bot(tx, bot.id, by=_name(person))
    return await _card(request, tx, state, person, bot_id)


@post("/bots/{bot_id:int}/pause")
async def pause(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[Any]:
    """Let a bot take no new entries; one that does not already is left as it is."""
    await read_form(request, ActForm)
    bot = await _own_bot(tx, state, person, bot_id)
    await pause_bot(tx, bot.id, by=_name(person))
    return await _card(request, tx, state, person, bot_id)


@post("/bots/{bot_id:int}/stop")
async def stop(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[Any]:
    """Let a bot buy and sell nothing any more; one that is stopped already is left as it is."""
    await read_form(request, ActForm)
    bot = await _own_bot(tx, state, person, bot_id)
    await stop_bot(tx, bot.id, by=_name(person))
    return await _card(request, tx, state, person, bot_id)


@get("/bots/{bot_id:int}/close")
async def show_close(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[str]:
    """Say what each way of stopping does, and ask which."""
    bot = await _own_bot(tx, state, person, bot_id)
    return _close_page(request, bot, {}, 200)


@post("/bots/{bot_id:int}/close")
async def close(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[Any]:
    """Stop the bot and sell what it holds; the same form sent twice is one wish."""
    form = await read_form(request, CloseForm)
    bot = await _own_bot(tx, state, person, bot_id)
    if len(form.idempotency_key) not in KEY_LENGTH:
        errors = {"": "This page was out of date. Nothing was sold. Check it and press again."}
        return _close_page(request, bot, errors, 422)
    key = f"{person.id}/{bot.id}/{form.idempotency_key}"
    await request_close(tx, bot.id, by=_name(person), idempotency_key=key)
    return see_other(BOTS)


async def _create(
    request: AnyRequest, person: Person, tx: Transaction, state: State, form: NewBotForm
) -> None:
    if form.strategy not in state.strategies:
        raise BotRefusedError("strategy", "Choose one of the strategies.")
    if form.symbol not in state.settings.symbols:
        raise BotRefusedError("symbol", "Choose one of the symbols.")
    if not form.account.isdecimal() or len(form.account) >= len(str(LARGEST_ID)):
        raise BotRefusedError("account", "Choose one of your connected accounts.")
    await _ask_for_proof_of_live(request, tx, person, int(form.account))
    minimum = await smallest_allocation(tx, state.settings)
    allocation = read_amount(
        "allocation", form.allocation, at_least=minimum, unit=form.symbol.partition("/")[2]
    )
    await create_bot(
        tx,
        user_id=person.id,
        account_id=int(form.account),
        strategy=form.strategy,
        symbol=form.symbol,
        allocation=allocation,
    )


async def _ask_for_proof_of_live(
    request: AnyRequest, tx: Transaction, person: Person, account_id: int | None = None
) -> None:
    """Ask for a fresh proof where real money is at risk: on this account, or on any of theirs.

    The demo's exchange is a simulated one, so there is none.
    """
    if site_of(request).demo:
        return
    mine = await accounts_of(tx, person.id)
    if any(not one.on_paper and account_id in {None, one.id} for one in mine):
        require_live_proof(person)


async def _own_bot(tx: Transaction, state: State, person: Person, bot_id: int) -> BotView:
    """Read the person's own bot; anybody else's is as good as none."""
    bot = await bot_of(tx, person.id, bot_id, state.strategies)
    if bot is None:
        raise NotFoundException
    return bot


async def _card(
    request: AnyRequest, tx: Transaction, state: State, person: Person, bot_id: int
) -> Response[Any]:
    """Answer with the bot's card as it is now, or with the page it stands on."""
    if not is_fragment(request):
        return see_other(BOTS)
    bot = await _own_bot(tx, state, person, bot_id)
    return page(request, "feed/parts/bot.html", bot=bot)


def _close_page(
    request: AnyRequest, bot: BotView, errors: dict[str, str], status_code: int
) -> Response[str]:
    return page(
        request,
        "bots/close.html",
        block="form",
        status_code=status_code,
        bot=bot,
        errors=errors,
        idempotency_key=secrets.token_urlsafe(16),
    )


async def _new_bot_page(
    request: AnyRequest,
    person: Person,
    tx: Transaction,
    state: State,
    *,
    form: NewBotForm | None = None,
    refused: BotRefusedError | None = None,
) -> Response[str]:
    """Show the form; after a refusal with its sentence and with what was typed."""
    form = form or NewBotForm()
    strategies = state.strategies.values()
    return page(
        request,
        "bots/new.html",
        block="form",
        status_code=422 if refused else 200,
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


def _name(person: Person) -> str:
    return f"user:{person.id}"


route_handlers = [show_new_bot, take_new_bot, start, pause, stop, show_close, close]
