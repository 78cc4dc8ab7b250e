"""What are the pages shown with in tests? One of every state, in the shapes the server gives."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from nexus.bots.views import BotView
from nexus.core.assets import load_assets
from nexus.core.display import DEFAULT, Display
from nexus.feed.views import DecisionView, FeedView, MarketView
from nexus.market.snapshot import Candle
from tests.templates import (
    samples_admin,
    samples_bots,
    samples_exchanges,
    samples_factors,
    samples_portfolio,
    samples_public,
    samples_settings,
    samples_sign_up,
)

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
CRASH = "Crash guard: the price fell 8.4 % within 4 hours."
UPWARD = tuple(Decimal(close) for close in (5, 4, 6, 7, 6, 8, 9, 8, 11, 10, 12, 14, 13, 15))


@dataclass(frozen=True)
class Person:
    email: str = "alice@example.com"
    display_name: str = "Alice"
    email_verified: bool = True
    role: str = "trader"
    delete_after: datetime | None = None


BTC = MarketView(
    symbol="BTC/USDT", base="BTC", quote="USDT",
    price=Decimal("97123.45"),
    change_percent=Decimal("1.254"),
    regime="bullish",
    regime_reason="The fast average is above the slow one and the trend is strong.",
    entries_allowed=True,
    age_seconds=4,
    stale=False,
    spark=UPWARD,
)  # fmt: skip
MARKETS = [
    BTC,
    replace(
        BTC,
        symbol="ETH/USDT",
        base="ETH",
        price=Decimal("2841.2"),
        change_percent=Decimal("-7.31"),
        regime="bearish",
        regime_reason=CRASH,
        entries_allowed=False,
        spark=UPWARD[::-1],
    ),
    replace(
        BTC,
        symbol="SOL/USDT",
        base="SOL",
        price=Decimal("142.305"),
        change_percent=Decimal(0),
        regime="sideways",
        regime_reason="There is no trend: the directional index is 11, below 18.",
        entries_allowed=False,
        age_seconds=75,
        stale=True,
    ),
    replace(
        BTC,
        symbol="PEPE/USDT",
        base="PEPE",
        price=None,
        change_percent=None,
        regime="unknown",
        regime_reason="Too few closed candles: 120 of 200.",
        entries_allowed=False,
        age_seconds=None,
        stale=True,
        spark=(),
    ),
]

HOLDING = BotView(
    id=17,
    user_id=1,
    symbol="BTC/USDT",
    base="BTC",
    quote="USDT",
    strategy_label="Trend follower",
    account_label="Paper account",
    venue="paper",
    status="running",
    note="",
    allocation=Decimal(1000),
    quantity=Decimal("0.00721"),
    value=Decimal("1012.44"),
    layer=2,
    layers=3,
    average_price=Decimal("95400.10"),
    unrealised=Decimal("12.30"),
    stop_price=Decimal("91234.5"),
    realised=Decimal("-4.10"),
)
WAITING = replace(
    HOLDING,
    id=18,
    symbol="ETH/USDT",
    base="ETH",
    venue="binance",
    account_label="Main account",
    note="Waits for the next entry: the leader is already in a trade.",
    allocation=Decimal(2500),
    quantity=Decimal(0),
    value=Decimal(0),
    layer=0,
    average_price=None,
    unrealised=None,
    stop_price=None,
    realised=Decimal("212.5"),
)
BOTS = [
    HOLDING,
    WAITING,
    replace(
        HOLDING,
        id=19,
        symbol="SOL/USDT",
        base="SOL",
        status="paused",
        note="Paused: it keeps what it holds, follows exits and buys nothing.",
        quantity=Decimal("3.5"),
        layer=1,
        average_price=Decimal("150.25"),
        unrealised=Decimal("-27.8"),
        realised=Decimal(0),
    ),
    replace(HOLDING, id=20, status="closing", note="Selling 0.00721 BTC."),
    replace(WAITING, id=22, base="XRP", symbol="XRP/USDT", limit="Your bots have invested all."),
    replace(WAITING, id=21, status="stopped", note="", value=None),
]

BOUGHT = FeedView(
    id=300,
    at=AT,
    kind="bought",
    symbol="BTC/USDT",
    title="Bought 0.00412 BTC",
    detail="Layer 2 at 97,120.00, fee 0.40 USDT",
    amount=Decimal("400.13"),
    currency="USDT",
)
FEED = [
    BOUGHT,
    *(
        replace(BOUGHT, id=number, at=AT - timedelta(minutes=ago), kind=kind, amount=amount)
        for number, ago, kind, amount in (
            (299, 1, "sold", Decimal("3409.44")),
            (298, 2, "blocked", None),
            (297, 3, "denied", None),
            (296, 9, "failed", None),
            (295, 60, "notice", None),
        )
    ),
]

ENTERED = DecisionView(
    id=40,
    at=AT,
    symbol="BTC/USDT",
    action="enter",
    layer=1,
    price=Decimal("95400.10"),
    regime="bullish",
    blocked=False,
    reason="Entries are allowed in a bullish market.",
    why="The fast average crossed above the slow one.",
    you="2 of your 2 bots bought.",
    you_state="followed",
    followed=98,
    bots=100,
)
DENIED = "Your bot on Main account got no order: its free balance was below the minimum."
BLOCKED = replace(
    ENTERED,
    id=41,
    regime="bearish",
    blocked=True,
    reason=CRASH,
    you=None,
    you_state="none",
    followed=0,
)
DECISIONS = [
    replace(ENTERED, id=42, action="add", layer=2),
    BLOCKED,
    replace(ENTERED, you=DENIED, you_state="denied"),
    replace(ENTERED, id=39, action="exit", you="It waits for an entry.", you_state="waiting"),
    replace(ENTERED, id=38, action="reduce", you=None, you_state="none"),
]

CANDLES = [
    Candle(
        open_time=AT - timedelta(hours=age),
        open=Decimal("96800.00"),
        high=Decimal("97300.50"),
        low=Decimal("96650.10"),
        close=Decimal("97123.45"),
        volume=Decimal(12),
    )
    for age in range(8)
]


GERMAN = Display("Europe/Berlin", "de-DE", "BTC")
AMERICAN = Display("America/New_York", "en-US", "BTC")


def display_of(name: str) -> Display:
    """Give whose zone, format and currency a sample page is drawn in."""
    return {"abroad": GERMAN, "rate": AMERICAN}.get(name.rpartition("-")[2], DEFAULT)


def page(path: str = "/", *, signed_in: bool = True) -> dict[str, Any]:
    """Give what every page gets."""
    return {
        "person": Person() if signed_in else None,
        "csrf_token": "csrf-sample",
        "demo": True,
        "path": path,
        "asset": load_assets("auto").asset,
    }


def home(*, empty: bool = False) -> dict[str, Any]:
    """Give the home page's context, full or as on the first day."""
    money = samples_portfolio.money(empty=empty)
    return page() | money | {
        "steps": samples_sign_up.STEPS if empty else [],
        "markets": [] if empty else MARKETS,
        "bots": [] if empty else BOTS,
        "feed": [] if empty else FEED,
        "decisions": [] if empty else DECISIONS,
        "last_event_id": "0" if empty else "300",
    }  # fmt: skip


def close_bot(bot: BotView, *, wrong: bool = False) -> dict[str, Any]:
    """Give the confirm page's context."""
    mistakes = {"": "The price is too old to sell on right now. Try again in a minute."}
    return page(f"/bots/{bot.id}/close") | {
        "bot": bot,
        "errors": mistakes if wrong else {},
        "idempotency_key": "once",
    }


def stop(*bots: BotView, wrong: bool = False) -> dict[str, Any]:
    """Give the page that stops everything its context."""
    return page("/stop") | {
        "entering": bots,
        "acting": bots,
        "held": [bot for bot in bots if bot.layer],
        "closable": bots,
        "errors": {"": "This page was out of date. Read it and press again."} if wrong else {},
        "idempotency_key": "sample-key",
    }


def symbol(*, empty: bool = False) -> dict[str, Any]:
    """Give one symbol's page its context."""
    return page("/market/BTC-USDT") | {
        "market": MARKETS[3 if empty else 0],
        "candles_url": "/market/BTC-USDT/candles",
        "candles": [] if empty else CANDLES,
        "spans": [] if empty else samples_bots.ZONES,
        "decisions": [] if empty else DECISIONS,
    }


def error() -> dict[str, Any]:
    """Give the error page what it needs, which is little."""
    return {
        "asset": load_assets("auto").asset,
        "status": 404,
        "title": "There is nothing here",
        "message": "The address may be mistyped, or the bot belongs to somebody else.",
        "action_url": "/",
        "action_label": "Go to your bots",
    }


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "home": ("feed/home.html", home()),
    "home-abroad": ("feed/home.html", home()),
    "home-no-rate": ("feed/home.html", home() | {"rates": {}}),
    "home-empty": ("feed/home.html", home(empty=True)),
    "close": ("bots/close.html", close_bot(HOLDING)),
    "close-empty": ("bots/close.html", close_bot(WAITING)),
    "close-wrong": ("bots/close.html", close_bot(HOLDING, wrong=True)),
    "stop": ("bots/stop.html", stop(HOLDING, WAITING)),
    "stop-empty": ("bots/stop.html", stop()),
    "stop-wrong": ("bots/stop.html", stop(HOLDING, wrong=True)),
    "symbol": ("market/symbol.html", symbol()),
    "symbol-empty": ("market/symbol.html", symbol(empty=True)),
    "error": ("errors/error.html", error()),
    "styleguide": ("development/styleguide.html", page("/development/styleguide")),
}
PAGES |= {
    name: (template, page(f"/{name}", signed_in=False) | context)
    for pages in (samples_sign_up.PUBLIC_PAGES, samples_factors.PUBLIC_PAGES, samples_public.PAGES)
    for name, (template, context) in pages.items()
}
PAGES |= {
    name: (template, page(f"/settings/{name}") | context)
    for pages in (samples_settings.PAGES, samples_factors.PAGES)
    for name, (template, context) in pages.items()
}
PAGES |= {
    name: (template, page(f"/{name}") | context)
    for pages in (
        samples_sign_up.PERSONS_PAGES,
        samples_exchanges.PAGES,
        samples_portfolio.PAGES,
        samples_bots.pages(HOLDING, WAITING),
    )
    for name, (template, context) in pages.items()
}
PAGES["data-leaving"] = (
    "settings/data.html",
    page() | {"person": Person(delete_after=AT), "grace_days": 14},
)
PAGES |= {
    name: (template, page(f"/{name}") | context)
    for name, (template, context) in samples_admin.ADMIN_PAGES.items()
}
"""Every page in its states: name -> template and context."""
