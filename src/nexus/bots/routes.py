"""What is done to one bot: start it, pause it, stop it, or stop and close it."""

import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from nexus.accounts.sessions import Person
from nexus.accounts.step_up import require_live_proof
from nexus.bots.close import request_close
from nexus.bots.forms import ActForm, CloseForm
from nexus.bots.start import pause_bot, start_bot, stop_bot
from nexus.bots.views import BotView, bot_of
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, is_fragment, page, see_other

BOTS = "/#bots"
PAGE_OF_BOTS = re.compile(r"/bots(/[0-9]+)?")
KEY_LENGTH = range(16, 65)


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
    bot = await own_bot(tx, state, person, bot_id)
    if bot.venue != "paper" and not site_of(request).demo:
        require_live_proof(person)
    await start_bot(tx, bot.id, by=name_of(person))
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
    bot = await own_bot(tx, state, person, bot_id)
    await pause_bot(tx, bot.id, by=name_of(person))
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
    bot = await own_bot(tx, state, person, bot_id)
    await stop_bot(tx, bot.id, by=name_of(person))
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
    bot = await own_bot(tx, state, person, bot_id)
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
    bot = await own_bot(tx, state, person, bot_id)
    if len(form.idempotency_key) not in KEY_LENGTH:
        errors = {"": "This page was out of date. Nothing was sold. Check it and press again."}
        return _close_page(request, bot, errors, 422)
    key = f"{person.id}/{bot.id}/{form.idempotency_key}"
    await request_close(tx, bot.id, by=name_of(person), idempotency_key=key)
    return see_other(BOTS)


async def own_bot(tx: Transaction, state: State, person: Person, bot_id: int) -> BotView:
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
        return see_other(_way_back(request))
    bot = await own_bot(tx, state, person, bot_id)
    return page(request, "feed/parts/bot.html", bot=bot)


def _way_back(request: AnyRequest) -> str:
    """Name the page of bots that a plain form was sent from; any other leads home."""
    try:
        came_from = urlsplit(request.headers.get("referer", "")).path
    except ValueError:
        return BOTS
    return came_from if PAGE_OF_BOTS.fullmatch(came_from) else BOTS


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


def name_of(person: Person) -> str:
    return f"user:{person.id}"


route_handlers = [start, pause, stop, show_close, close]
