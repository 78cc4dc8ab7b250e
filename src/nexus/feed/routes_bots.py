"""The pages of somebody's bots: all of them, and one with everything that happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from nexus.accounts.sessions import Person
from nexus.bots.views import bot_of, bots_of
from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.core.ids import LARGEST_ID
from nexus.core.web import AnyRequest, page
from nexus.feed.bot_views import BotFacts, SpanView
from nexus.feed.chart import marks_of, shaded, spans_of
from nexus.feed.queries import feed_of
from nexus.feed.routes import CHART_CANDLES
from nexus.feed.tell_bot import book_of, facts_of, orders_of, reach_of
from nexus.market.queries import recent_candles
from nexus.settings import MarketSettings

ZONES = 10
"""How many times of a shut gate are told in words."""
PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its lists the reader of a bot's page is."""

    orders: int = LARGEST_ID
    decisions: int = LARGEST_ID

    def address(self, bot_id: int, **change: int) -> str:
        """Name the page at this place, or at another."""
        places = {"orders": self.orders, "decisions": self.decisions, **change}
        kept = {name: place for name, place in places.items() if place < LARGEST_ID}
        return f"/bots/{bot_id}" + (f"?{urlencode(kept)}" if kept else "")


@get("/bots")
async def show_bots(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
) -> Response[str]:
    """Show all bots of a person, those with real money first."""
    found = await bots_of(tx, [person.id], state.strategies, deleted=True)
    bots = [bot for bot in found.get(person.id, []) if not bot.deleted]
    return page(
        request,
        "bots/list.html",
        live=[bot for bot in bots if bot.venue != PAPER],
        practice=[bot for bot in bots if bot.venue == PAPER],
        deleted=[bot for bot in found.get(person.id, []) if bot.deleted],
        last_event_id=await _last_event(tx, person),
    )


@get("/bots/{bot_id:int}")
async def show_bot(
    request: AnyRequest,
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> Response[str]:
    """Show one bot: its book beside the leader's, its chart, its orders and what reached it."""
    facts = await _own(tx, person, bot_id)
    bot = await bot_of(tx, person.id, bot_id, state.strategies, deleted=True)
    place = _place(request.query_params)
    orders, more_orders = await orders_of(tx, facts, place.orders)
    reached, more_decisions = await reach_of(tx, facts, place.decisions)
    return page(
        request,
        "bots/bot.html",
        block="story",
        bot=bot,
        facts=facts,
        book=await book_of(tx, facts),
        orders=orders,
        older_orders=place.address(bot_id, orders=more_orders) if more_orders else None,
        reached=reached,
        older_decisions=place.address(bot_id, decisions=more_decisions) if more_decisions else None,
        here=place.address(bot_id),
        newest=place == Place(),
        zones=(await _zones(tx, facts, state.settings))[::-1][:ZONES],
        last_event_id=await _last_event(tx, person),
    )


@get("/bots/{bot_id:int}/chart")
async def give_chart(
    person: NamedDependency[Person],
    tx: NamedDependency[Transaction],
    state: State,
    bot_id: FromPath[int],
) -> dict[str, Any]:
    """Give what a bot's chart shows: candles, its own trades, and when the gate was shut."""
    facts, settings = await _own(tx, person, bot_id), state.settings
    candles = await recent_candles(tx, facts.symbol, settings.timeframe, CHART_CANDLES)
    lasts = timedelta(seconds=settings.timeframe_seconds)
    spans = await spans_of(tx, facts.symbol, candles[0].open_time) if candles else []
    return {
        "candles": shaded(candles, spans, lasts),
        "marks": await marks_of(tx, bot_id, candles),
    }


async def _own(tx: Transaction, person: Person, bot_id: int) -> BotFacts:
    """Read the person's own bot, a deleted one too; anybody else's is as good as none."""
    facts = await facts_of(tx, person.id, bot_id)
    if facts is None:
        raise NotFoundException
    return facts


async def _zones(tx: Transaction, bot: BotFacts, settings: MarketSettings) -> list[SpanView]:
    """Read when the gate was shut, for as long as the chart shows."""
    shown = timedelta(seconds=settings.timeframe_seconds) * CHART_CANDLES
    return [span for span in await spans_of(tx, bot.symbol, now() - shown) if span.shut]


async def _last_event(tx: Transaction, person: Person) -> str:
    """Name the newest line of the person's feed: the stream goes on after it."""
    newest = await feed_of(tx, person.id, limit=1)
    return str(newest[0].id if newest else 0)


def _place(query: Mapping[str, str]) -> Place:
    """Read where the reader is; what is no place is the newest."""
    return Place(**{name: _id(query.get(name, "")) for name in ("orders", "decisions")})


def _id(text: str) -> int:
    is_id = text.isascii() and text.isdecimal() and len(text) < len(str(LARGEST_ID))
    return int(text) if is_id else LARGEST_ID


route_handlers = [show_bots, show_bot, give_chart]
