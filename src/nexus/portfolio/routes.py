"""The pages of what somebody has and did: the portfolio, the trades, and both as files."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from tempfile import TemporaryFile
from typing import IO, Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Stream

from nexus.accounts.sessions import Person
from nexus.bots.views import bots_of
from nexus.core.db import Database, Transaction
from nexus.core.site import site_of
from nexus.core.throttle import Rule
from nexus.core.web import AnyRequest, page, see_other
from nexus.market.queries import fresh_prices
from nexus.portfolio.equity import RANGES, moments_of
from nexus.portfolio.equity_line import line_of
from nexus.portfolio.export import export_disposals, export_trades
from nexus.portfolio.search_trades import (
    SIDES,
    TradeSearch,
    choices_of,
    kinds_of_money,
    read_search,
    search_trades,
)
from nexus.portfolio.weigh_bots import purses_of

FIELDS = ("bot", "account", "symbol", "side", "kind", "since", "until")
CHUNK = 64 * 1024
FIRST_RANGE = "week"
PER_PERSON: Final = Rule("trades-download", limit=20, seconds=60 * 60)
TOO_OFTEN = "You took many files. Wait {wait}, then take the next one."
Export = Callable[[Database, int, TradeSearch, IO[bytes], Mapping[str, str]], Awaitable[None]]


@get("/portfolio")
async def show_portfolio(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show positions and results, together, per account and per bot, and how they came about."""
    found = await bots_of(tx, [person.id], state.strategies, deleted=True)
    # What a bot won or lost stays somebody's result when they delete it.
    bots = found.get(person.id, [])
    accounts = {bot.account_id: bot.account_label for bot in bots}
    typed = request.query_params.get("account", "")
    account = next((number for number in accounts if str(number) == typed), None)
    chosen = request.query_params.get("range", "")
    chosen = chosen if chosen in RANGES else FIRST_RANGE
    moments = await moments_of(tx, person.id, RANGES[chosen][1], account)
    return page(
        request,
        "portfolio/portfolio.html",
        block="purses",
        purses=purses_of(
            (bot for bot in bots if account in (None, bot.account_id)), _kinds(request)
        ),
        rates=await fresh_prices(tx, state.settings.market_stale_seconds),
        lines={key: line_of(some, key[1]) for key, some in moments.items()},
        accounts=accounts,
        account=account,
        ranges={name: words for name, (words, _) in RANGES.items()},
        range=chosen,
    )


@get("/trades")
async def show_trades(
    request: AnyRequest, person: NamedDependency[Person], tx: NamedDependency[Transaction]
) -> Response[str]:
    """Show the newest trades that were looked for; what was typed stays in the form."""
    return await _trades(request, person, tx)


async def _trades(
    request: AnyRequest, person: Person, tx: Transaction, refused: str = ""
) -> Response[str]:
    """Show the trades that were looked for, and why a file was `refused`."""
    typed = _typed(request)
    choices = await choices_of(tx, person.id)
    search, errors = read_search(typed, choices)
    trades, more = ([], None) if errors else await search_trades(tx, person.id, search)
    return page(
        request,
        "portfolio/trades.html",
        block="trades",
        status_code=429 if refused else 422 if errors else 200,
        refused=refused,
        search=search,
        form=typed,
        errors=errors,
        choices=choices,
        sides=SIDES,
        kinds=_kinds(request),
        trades=trades,
        searched=bool(_kept(typed)),
        query=urlencode(_kept(typed)),
        older=f"/trades?{urlencode({**_kept(typed), 'before': more})}" if more else None,
    )


@get("/trades/trades.csv")
async def take_trades(
    request: AnyRequest, person: NamedDependency[Person], state: State
) -> Response[Any] | Stream:
    """Give the trades that were looked for, all of them, as a file."""
    return await _file(request, person, state, export_trades, "nexus-trades.csv")


@get("/trades/disposals.csv")
async def take_disposals(
    request: AnyRequest, person: NamedDependency[Person], state: State
) -> Response[Any] | Stream:
    """Give what each sale won or lost, first bought first sold, as a file."""
    return await _file(request, person, state, export_disposals, "nexus-disposals.csv")


async def _file(
    request: AnyRequest, person: Person, state: State, export: Export, name: str
) -> Response[Any] | Stream:
    """Write a file to the disk, then send it; a mistake in the filters is said on the page."""
    database: Database = state.database
    typed = _typed(request)
    async with database.transaction() as tx:
        search, errors = read_search(typed, await choices_of(tx, person.id))
        if errors:
            return see_other(f"/trades?{urlencode(_kept(typed))}")
        if wait := await state.throttle.take(PER_PERSON, str(person.id)):
            return await _trades(request, person, tx, refused=_too_often(wait))
    file = TemporaryFile()  # noqa: SIM115  it is closed when all of it has been sent
    try:
        await export(database, person.id, search, file, _kinds(request))
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


def _kinds(request: AnyRequest) -> Mapping[str, str]:
    return kinds_of_money(demo=site_of(request).demo)


def _too_often(wait_seconds: int) -> str:
    minutes = -(-wait_seconds // 60)
    return TOO_OFTEN.format(wait=f"{minutes} minute{'s' if minutes > 1 else ''}")


def _typed(request: AnyRequest) -> dict[str, str]:
    return {name: request.query_params.get(name, "")[:100] for name in (*FIELDS, "before")}


def _kept(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: typed[name] for name in FIELDS if typed[name]}


route_handlers = [show_portfolio, show_trades, take_trades, take_disposals]
