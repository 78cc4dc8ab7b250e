"""How does news become bytes? Every update is drawn by the very partial of the first page load."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from nexus.bots.views import BotView
from nexus.core.render import render
from nexus.feed.money import moneys_of
from nexus.feed.views import DecisionView, FeedView, MarketView
from nexus.portfolio.read_today import Today


def draw_markets(markets: Iterable[MarketView]) -> str:
    """Draw every symbol: the same for all who write numbers alike, so once for all of them."""
    return "".join(render("feed/stream/market.html", market=market) for market in markets)


def draw_items(items: Iterable[FeedView]) -> str:
    """Draw lines of a person's feed, oldest first: each is put on top of the last."""
    return "".join(render("feed/stream/feed_item.html", item=item) for item in items)


def draw_bots(
    bots: Sequence[BotView],
    todays: Iterable[Today],
    csrf_token: str,
    rates: Mapping[str, Decimal],
) -> str:
    """Draw a person's bots, not those that were deleted, and each kind of their money."""
    kept = (bot for bot in bots if not bot.deleted)
    cards = (render("feed/stream/bot.html", bot=bot, csrf_token=csrf_token) for bot in kept)
    moneys = (
        render("feed/stream/money.html", money=money, rates=rates)
        for money in moneys_of(todays, bots)
    )
    return "".join(cards) + "".join(moneys)


def draw_decision(decision: DecisionView) -> str:
    """Draw one decision as one person sees it."""
    return render("feed/stream/decision.html", decision=decision)


def draw_connection(state: str) -> str:
    """Say in the header how the stream is: `live` or `behind`."""
    return render("feed/stream/connection.html", state=state)


def message(markup: str, event_id: int | None = None) -> bytes:
    """Wrap markup as one unnamed server-sent event; htmx swaps the parts it holds."""
    lines = [f"data: {line}" for line in markup.splitlines()]
    if event_id is not None:
        lines.insert(0, f"id: {event_id}")
    return ("\n".join(lines) + "\n\n").encode()


PING = b": still here\n\n"
"""A comment: it keeps proxies from closing a quiet stream, and no script sees it."""
