"""The page on which a bot is deleted: only one that is stopped and holds nothing."""

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from nexus.accounts.sessions import Person
from nexus.bots.errors import BotRefusedError
from nexus.bots.forms import ActForm
from nexus.bots.models import Bot
from nexus.bots.routes import own_bot
from nexus.bots.views import BotView
from nexus.core.client import client_network
from nexus.core.db import Transaction
from nexus.core.forms import read_form
from nexus.core.web import AnyRequest, onwards, page
from nexus.fanout.delete import delete_bot, why_not_deleted


@get("/bots/{bot_id:int}/delete")
async def show_delete(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[str]:
    """Say what deleting means, or what is to be done before."""
    bot = await own_bot(tx, state, person, bot_id)
    return await _delete_page(request, tx, bot)


@post("/bots/{bot_id:int}/delete")
async def take_delete(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[Any]:
    """Delete the bot, or say why not."""
    await read_form(request, ActForm)
    bot = await own_bot(tx, state, person, bot_id)
    try:
        await delete_bot(tx, bot.id, network=client_network(request))
    except BotRefusedError as refused:
        return await _delete_page(request, tx, bot, error=refused.sentence)
    return onwards(request, "/bots")


async def _delete_page(
    request: AnyRequest, tx: Transaction, bot: BotView, *, error: str = ""
) -> Response[str]:
    before = await why_not_deleted(tx, await tx.get_one(Bot, bot.id))
    return page(
        request,
        "bots/delete.html",
        block="form",
        status_code=422 if error else 200,
        bot=bot,
        before=before,
        errors={"": error} if error else {},
    )


route_handlers = [show_delete, take_delete]
