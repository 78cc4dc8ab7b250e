"""The pages of what somebody has and did: the portfolio, the trades, and both as files."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Stream

from nexus.accounts.sessions import Person
from nexus.bots.views import bots_of
from nexus.core.db import Database, Transaction
from nexus.core.web import AnyRequest, page, see_other
from nexus.portfolio.export import export_disposals, export_trades
from nexus.portfolio.search_trades import (
    KINDS,
    SIDES,
    TradeSearch,
    choices_of,
    read_search,
    search_trades,
)
from nexus.portfolio.weigh_bots import purses_of

FIELDS = ("bot", "account", "symbol", "side", "kind", "since", "until")
CHUNK = 64 * 1024
Export = Callable[[Database, int, TradeSearch, IO[bytes]], Awaitable[None]]


@get("/portfolio")
async def show_portfolio(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show positions and results, together, per account and per bot."""
    found = await bots_of(tx, [person.id], state.strategies, deleted=True)
    bots = found.get(person.id, [])
    return page(request, "portfolio/portfolio.html", purses=purses_of(bots))


@get("/trades")
async def show_trades(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[str]:
    """Show the newest trades that were looked for; what was typed stays in the form."""
    typed = _typed(request)
    choices = await choices_of(tx, person.id)
    search, errors = read_search(typed, choices)
    trades, more = ([], None) if errors else await search_trades(tx, person.id, search)
    return page(
        request,
        "portfolio/trades.html",
        status_code=422 if errors else 200,
        search=search,
        form=typed,
        errors=errors,
        choices=choices,
        sides=SIDES,
        kinds=KINDS,
        trades=trades,
        searched=bool(_kept(typed)),
        query=urlencode(_kept(typed)),
        older=f"/trades?{urlencode({**_kept(typed), 'before': more})}" if more else None,
    )


@get("/trades/trades.csv")
async def take_trades(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any] | Stream:
    """Give the trades that were looked for, all of them, as a file."""
    return await _file(request, person, database, export_trades, "nexus-trades.csv")


@get("/trades/disposals.csv")
async def take_disposals(
    request: AnyRequest, person: NamedDependency[Person], database: NamedDependency[Database]
) -> Response[Any] | Stream:
    """Give what each sale won or lost, first bought first sold, as a file."""
    return await _file(request, person, database, export_disposals, "nexus-disposals.csv")


async def _file(
    request: AnyRequest, person: Person, database: Database, export: Export, name: str
) -> Response[Any] | Stream:
    """Write a file to the disk, then send it; a mistake in the filters is said on the page."""
    typed = _typed(request)
    async with database.transaction() as tx:
        search, errors = read_search(typed, await choices_of(tx, person.id))
    if errors:
        return see_other(f"/trades?{urlencode(_kept(typed))}")
    file = TemporaryFile()  # noqa: SIM115  it is closed when all of it has been sent
    try:
        await export(database, person.id, search, file)
    except BaseException:
        file.close()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(file.tell()),
    }
    return Stream(_chunks(file), media_type="text/csv", headers=headers)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Read a file from its beginning, a piece at a time, and close it."""
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _typed(request: AnyRequest) -> dict[str, str]:
    return {name: request.query_params.get(name, "")[:100] for name in (*FIELDS, "before")}


def _kept(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: typed[name] for name in FIELDS if typed[name]}


route_handlers = [show_portfolio, show_trades, take_trades, take_disposals]
