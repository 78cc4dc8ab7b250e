"""Who is watching, and what do they get? The live side of one web process.

One Redis subscription serves every stream of the process. Shared news is drawn once for all who
write numbers alike; private news is drawn only for whom it concerns and who is here.
A reader who is too slow is told so and skips ahead: nothing is buffered without bound.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import structlog

from nexus.bots.views import bots_of
from nexus.core.db import Database, Transaction
from nexus.core.display import DEFAULT, Display, shown_as
from nexus.core.redis import Channel, RedisAwayError
from nexus.feed.draw import (
    draw_bots,
    draw_connection,
    draw_decision,
    draw_items,
    draw_markets,
    message,
)
from nexus.feed.queries import decision_views, feed_view, market_views
from nexus.feed.views import DecisionView, FeedView
from nexus.market.queries import fresh_prices
from nexus.portfolio.read_today import Today, todays_of
from nexus.settings import Settings
from nexus.strategy.border import Strategy

log = structlog.get_logger()

MOST_STREAMS = 5
"""Streams one person may have open; the oldest makes room."""
BACKLOG = 100
"""Messages a slow reader may be behind before the rest is dropped."""
VALUES_EVERY_LOOKS = 3
"""Looks at the market between two refreshes of what people's bots are worth."""
RETRY_SECONDS = 1.0


@dataclass(eq=False)
class Seat:
    """One open stream."""

    user_id: int
    csrf_token: str
    session_id: int
    display: Display = DEFAULT
    """How the page was drawn that this stream belongs to, and therefore what it is sent."""
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    behind: bool = False

    def give(self, data: bytes) -> None:
        """Hand over a message; drop it, and note so, when the reader is too far behind."""
        try:
            self.queue.put_nowait(data)
        except asyncio.QueueFull:
            self.behind = True

    def end(self) -> None:
        """End the stream, whatever its reader has not read yet."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class Audience:
    """All streams of this process."""

    def __init__(
        self,
        database: Database,
        channel: Channel,
        settings: Settings,
        strategies: Mapping[str, Strategy],
    ) -> None:
        self.database = database
        self.channel = channel
        self.settings = settings
        self.strategies = strategies
        self.seats: dict[int, list[Seat]] = defaultdict(list)
        self.looks = 0

    def enter(self, seat: Seat) -> None:
        """Take a seat; a person's sixth stream ends their first."""
        seats = self.seats[seat.user_id]
        if len(seats) >= MOST_STREAMS:
            seats.pop(0).end()
        seats.append(seat)

    def leave(self, seat: Seat) -> None:
        """Give a seat back."""
        seats = self.seats.get(seat.user_id, [])
        if seat in seats:
            seats.remove(seat)
        if not seats:
            self.seats.pop(seat.user_id, None)

    def close(self) -> None:
        """End every stream, so that the process can stop."""
        for seat in self._everyone():
            seat.end()

    async def picture(self, seat: Seat) -> str:
        """Draw the markets, one reader's bots and the last decisions as they are now."""
        async with self.database.transaction() as tx:
            markets = await market_views(tx, self.settings)
            found = await bots_of(tx, [seat.user_id], self.strategies, deleted=True)
            decisions = (await decision_views(tx, [seat.user_id]))[seat.user_id]
            todays = await self._todays(tx, [seat.user_id])
            rates = await self._rates(tx, [seat])
        bots = found.get(seat.user_id, [])
        with shown_as(seat.display):
            drawn = "".join(draw_decision(decision) for decision in reversed(decisions))
            mine = draw_bots(bots, todays[seat.user_id], seat.csrf_token, rates)
            return draw_markets(markets) + mine + drawn

    async def listen(self) -> None:
        """Pass news on for as long as the process lives; a Redis that is away is waited for."""
        while True:
            try:
                async for news in self.channel.listen():
                    if self.seats:
                        await self._pass_on(news)
            except RedisAwayError as error:
                log.warning("live_news_lost", error=str(error))
            except Exception:
                # Ours alone publish here, but one odd message must not end everybody's page.
                log.exception("live_news_unreadable")
            _give(self._everyone(), lambda: message(draw_connection("behind")), _all_alike)
            await asyncio.sleep(RETRY_SECONDS)

    async def _pass_on(self, news: dict[str, Any]) -> None:
        """Draw one piece of news for whom it concerns; news that fails harms no other."""
        kind = ""
        try:
            kind = news["kind"]
            match kind:
                case "market":
                    await self._market_seen()
                case "decisions":
                    await self._decided(news["ids"])
                case "items":
                    await self._happened(news["items"])
                case "bots":
                    await self._refresh_bots(set(news["people"]) & self.seats.keys())
                case "sessions":
                    self._signed_out(set(news["ids"]))
        except Exception:
            log.exception("news_not_drawn", kind=kind)

    def _signed_out(self, session_ids: AbstractSet[int]) -> None:
        """End the streams of browsers in which nobody is signed in any more."""
        for seat in self._everyone():
            if seat.session_id in session_ids:
                seat.end()

    async def _market_seen(self) -> None:
        async with self.database.transaction() as tx:
            markets = await market_views(tx, self.settings)
        _give(self._everyone(), lambda: message(draw_markets(markets)), _numbers_alike)
        self.looks += 1
        if self.looks % VALUES_EVERY_LOOKS == 0:
            await self._refresh_bots(self.seats.keys())

    async def _decided(self, decision_ids: Iterable[int]) -> None:
        people = list(self.seats)
        for decision_id in decision_ids:
            async with self.database.transaction() as tx:
                views = await decision_views(tx, people, decision_id=decision_id)
            for person, decisions in views.items():
                for decision in decisions:
                    self._tell(person, partial(_decision, decision))

    async def _happened(self, items: Iterable[dict[str, Any]]) -> None:
        """Draw feed lines for those who are here; their bots and decisions as they are now."""
        concerned, symbols = set(), set()
        for item in items:
            person = item["user_id"]
            if person not in self.seats:
                continue
            concerned.add(person)
            symbols.add(item["facts"]["symbol"])
            view = feed_view(item["id"], datetime.fromisoformat(item["at"]), item["facts"])
            self._tell(person, partial(_line, view))
        await self._refresh_bots(concerned)
        await self._redraw_decisions(concerned, symbols)

    async def _redraw_decisions(self, people: AbstractSet[int], symbols: AbstractSet[str]) -> None:
        """Say what became of the newest decision on each symbol, to those whose orders moved."""
        here = people & self.seats.keys()
        if not here:
            return
        async with self.database.transaction() as tx:
            views = await decision_views(tx, here)
        for person, decisions in views.items():
            theirs = [known for known in reversed(decisions) if known.you is not None]
            newest = {known.symbol: known for known in theirs if known.symbol in symbols}
            for decision in newest.values():
                self._tell(person, partial(_decision, decision))

    async def _refresh_bots(self, people: Iterable[int]) -> None:
        """Draw the bots of some people, read by one query."""
        here = [person for person in people if person in self.seats]
        if not here:
            return
        async with self.database.transaction() as tx:
            found = await bots_of(tx, here, self.strategies, deleted=True)
            todays = await self._todays(tx, here)
            rates = await self._rates(tx, self._everyone())
        for person, bots in found.items():
            for seat in self.seats.get(person, ()):
                with shown_as(seat.display):
                    markup = draw_bots(bots, todays[person], seat.csrf_token, rates)
                seat.give(message(markup))

    async def _todays(self, tx: Transaction, people: Sequence[int]) -> Mapping[int, list[Today]]:
        return await todays_of(tx, people, self.settings.market_stale_seconds)

    async def _rates(self, tx: Transaction, seats: Iterable[Seat]) -> Mapping[str, Decimal]:
        """Read the prices that sums are converted by, when a reader wants another currency."""
        wanted = any(seat.display.currency for seat in seats)
        return await fresh_prices(tx, self.settings.market_stale_seconds) if wanted else {}

    def _tell(self, person: int, draw: Callable[[], bytes]) -> None:
        _give(self.seats.get(person, ()), draw, lambda seat: seat.display)

    def _everyone(self) -> list[Seat]:
        return [seat for seats in self.seats.values() for seat in seats]


def _give(
    seats: Iterable[Seat], draw: Callable[[], bytes], alike: Callable[[Seat], Hashable]
) -> None:
    """Draw one message once for all seats that see it alike, and hand it to each."""
    drawn: dict[Hashable, bytes] = {}
    for seat in seats:
        key = alike(seat)
        if key not in drawn:
            with shown_as(seat.display):
                drawn[key] = draw()
        seat.give(drawn[key])


def _all_alike(_seat: Seat) -> Hashable:
    return None


def _numbers_alike(seat: Seat) -> Hashable:
    """Give what matters for what is shared: it has numbers, and no times."""
    return seat.display.format


def _line(view: FeedView) -> bytes:
    return message(draw_items([view]), event_id=view.id)


def _decision(view: DecisionView) -> bytes:
    return message(draw_decision(view))
