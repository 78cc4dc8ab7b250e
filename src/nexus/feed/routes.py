"""The live pages: home, its stream, and one page per symbol."""

from datetime import timedelta
from typing import Annotated, Any

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from nexus.accounts.guard import VISITORS
from nexus.accounts.sessions import Person, is_signed_in
from nexus.bots.views import bots_of
from nexus.core.clock import now
from nexus.core.csrf import token_for
from nexus.core.db import Database, Transaction
from nexus.core.display import read_key
from nexus.core.ids import LARGEST_ID
from nexus.core.render import slug
from nexus.core.site import site_of
from nexus.core.web import AnyRequest, page
from nexus.feed.audience import Seat
from nexus.feed.chart import shaded, spans_of
from nexus.feed.money import moneys_of
from nexus.feed.onboard import checklist
from nexus.feed.queries import decision_views, feed_of, market_views
from nexus.feed.stream import stream
from nexus.market.queries import fresh_prices, recent_candles
from nexus.portfolio.equity import moments_of
from nexus.portfolio.equity_line import line_of
from nexus.portfolio.read_today import todays_of
from nexus.portfolio.search_trades import kinds_of_money
from nexus.public.routes import landing

FEED_LINES = 30
CHART_CANDLES = 300
TABLE_CANDLES = 10
SPANS = 20
"""Of what the gate said, in words below the chart."""
DAY = timedelta(days=1)
"""How far back the little line of equity goes."""


@get("/", opt={VISITORS: True})
async def show_home(
    request: AnyRequest, tx: NamedDependency[Transaction], state: State
) -> Response[str]:
    """Show people their market, bots, live feed and decisions; and visitors what Nexus is."""
    person: Person | None = request.scope.get("user")
    if person is None:
        return await landing(request, tx, state)
    settings = state.settings
    feed = await feed_of(tx, person.id, limit=FEED_LINES)
    found = await bots_of(tx, [person.id], state.strategies, deleted=True)
    every = found.get(person.id, [])
    bots = [bot for bot in every if not bot.deleted]
    decisions = await decision_views(tx, [person.id])
    todays = await todays_of(tx, [person.id], settings.market_stale_seconds)
    equity = await moments_of(tx, person.id, DAY)
    return page(
        request,
        "feed/home.html",
        markets=await market_views(tx, settings),
        steps=await checklist(tx, person, has_bot=bool(bots)),
        bots=bots,
        moneys=moneys_of(todays.get(person.id, []), every),
        rates=await fresh_prices(tx, settings.market_stale_seconds),
        lines={key: line_of(moments, key[1]) for key, moments in equity.items()},
        kinds=kinds_of_money(demo=site_of(request).demo),
        feed=feed,
        decisions=decisions[person.id],
        last_event_id=str(feed[0].id if feed else 0),
    )


@get("/live")
async def live(
    request: AnyRequest,
    person: NamedDependency[Person],
    database: NamedDependency[Database],
    state: State,
    after: Annotated[int, QueryParameter(ge=0, le=LARGEST_ID)] = 0,
) -> Stream:
    """Stream what happens to this person from the event `after` on, or `Last-Event-ID`.

    A page says how it was drawn, so that nothing on it changes its zone halfway.
    """
    last_seen = request.headers.get("last-event-id", "")
    if last_seen.isdecimal() and len(last_seen) <= len(str(LARGEST_ID)):
        after = max(after, min(int(last_seen), LARGEST_ID))
    token, _ = token_for(request)
    drawn_as = request.query_params.get("display", "")

    async def still_signed_in() -> bool:
        async with database.transaction() as tx:
            return await is_signed_in(tx, person.session_id)

    seat = Seat(person.id, token, person.session_id, read_key(drawn_as, person.display))
    return Stream(
        stream(state.audience, seat, database, after, still_signed_in),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@get("/market/{name:str}")
async def show_symbol(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    name: FromPath[str],
) -> Response[str]:
    """Show one symbol: its candles, its regime, and what was decided on it."""
    symbol = _symbol(name, state.settings.symbols)
    markets = await market_views(tx, state.settings)
    candles = await recent_candles(tx, symbol, state.settings.timeframe, TABLE_CANDLES)
    decisions = await decision_views(tx, [person.id], symbol=symbol)
    shown = timedelta(seconds=state.settings.timeframe_seconds) * CHART_CANDLES
    spans = await spans_of(tx, symbol, now() - shown)
    return page(
        request,
        "market/symbol.html",
        market=next(market for market in markets if market.symbol == symbol),
        candles_url=f"/market/{slug(symbol)}/candles",
        candles=list(reversed(candles)),
        spans=spans[::-1][:SPANS],
        decisions=decisions[person.id],
    )


@get("/market/{name:str}/candles")
async def give_candles(
    tx: NamedDependency[Transaction], state: State, name: FromPath[str]
) -> list[dict[str, Any]]:
    """Give a symbol's closed candles for its chart, each with its regime: prices as text."""
    settings = state.settings
    symbol = _symbol(name, settings.symbols)
    candles = await recent_candles(tx, symbol, settings.timeframe, CHART_CANDLES)
    spans = await spans_of(tx, symbol, candles[0].open_time) if candles else []
    return shaded(candles, spans, timedelta(seconds=settings.timeframe_seconds))


def _symbol(name: str, symbols: tuple[str, ...]) -> str:
    """Find the symbol that an address names."""
    for symbol in symbols:
        if slug(symbol) == name:
            return symbol
    raise NotFoundException


route_handlers = [show_home, live, show_symbol, give_candles]
