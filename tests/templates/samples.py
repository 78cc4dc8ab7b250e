"""What the pages are shown with in tests: one of every state, with made-up numbers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from typing import Any

from nexus.core.assets import load_assets

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    email: str = "alice@example.com"
    display_name: str = "Alice"


@dataclass(frozen=True)
class Market:
    symbol: str = "BTC/USDT"
    base: str = "BTC"
    quote: str = "USDT"
    price: D | None = D("97123.45")
    change_percent: D | None = D("1.254")
    regime: str = "bullish"
    regime_reason: str = "The fast average is above the slow one and the trend is strong."
    entries_allowed: bool = True
    age_seconds: int | None = 4
    stale: bool = False
    spark: tuple[D, ...] = tuple(D(n) for n in (5, 4, 6, 7, 6, 8, 9, 8, 11, 10, 12, 14, 13, 15))


@dataclass(frozen=True)
class Bot:
    id: int = 17
    symbol: str = "BTC/USDT"
    base: str = "BTC"
    quote: str = "USDT"
    strategy_label: str = "Trend follower"
    account_label: str = "Paper account"
    venue: str = "paper"
    status: str = "running"
    note: str = ""
    allocation: D = D(1000)
    quantity: D = D("0.00721")
    value: D | None = D("1012.44")
    layer: int = 2
    layers: int = 3
    average_price: D | None = D("95400.10")
    unrealised: D | None = D("12.30")
    realised: D = D("-4.10")
    can_start: bool = False
    can_pause: bool = True
    can_close: bool = True


@dataclass(frozen=True)
class Item:
    id: int = 300
    at: datetime = AT
    kind: str = "bought"
    symbol: str = "BTC/USDT"
    title: str = "Bought 0.00412 BTC"
    detail: str = "Layer 2 at 97,120.00, fee 0.40 USDT"
    amount: D | None = D("400.13")
    currency: str = "USDT"


@dataclass(frozen=True)
class Decision:
    id: int = 40
    at: datetime = AT
    symbol: str = "BTC/USDT"
    action: str = "enter"
    layer: int = 1
    price: D = D("95400.10")
    regime: str = "bullish"
    blocked: bool = False
    reason: str = "Entries are allowed in a bullish market."
    why: str = "The fast average crossed above the slow one."
    you: str | None = "2 of your 2 bots bought."
    you_state: str = "followed"
    followed: int = 98
    bots: int = 100


@dataclass(frozen=True)
class Totals:
    value: D = D("12345.678")
    realised: D = D("-18.20")
    unrealised: D = D("142.37")
    currency: str = "USDT"


@dataclass(frozen=True)
class Candle:
    open_time: datetime = AT
    open: D = D("96800.00")
    high: D = D("97300.50")
    low: D = D("96650.10")
    close: D = D("97123.45")


MARKETS = [
    Market(),
    Market(
        symbol="ETH/USDT",
        base="ETH",
        price=D("2841.2"),
        change_percent=D("-7.31"),
        regime="bearish",
        regime_reason="Crash guard: the price fell 8.4 % within 4 hours.",
        entries_allowed=False,
        spark=tuple(D(n) for n in (15, 14, 15, 13, 12, 12, 10, 11, 8, 6, 7, 5, 4, 4)),
    ),
    Market(
        symbol="SOL/USDT",
        base="SOL",
        price=D("142.305"),
        change_percent=D(0),
        regime="sideways",
        regime_reason="There is no trend: the directional index is 11, below 18.",
        entries_allowed=False,
        age_seconds=75,
        stale=True,
    ),
    Market(
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

BOTS = [
    Bot(),
    Bot(
        id=18,
        symbol="ETH/USDT",
        base="ETH",
        venue="binance",
        account_label="Main account",
        note="Waits for the next entry: the leader is already in a trade.",
        quantity=D(0),
        value=D(2500),
        allocation=D(2500),
        layer=0,
        average_price=None,
        unrealised=None,
        realised=D("212.5"),
    ),
    Bot(
        id=19,
        symbol="SOL/USDT",
        base="SOL",
        status="paused",
        note="Paused: it keeps what it holds, follows exits and buys nothing.",
        quantity=D("3.5"),
        layer=1,
        average_price=D("150.25"),
        unrealised=D("-27.8"),
        realised=D(0),
        can_start=True,
        can_pause=False,
    ),
    Bot(id=20, status="closing", note="Selling 0.00721 BTC.", can_pause=False, can_close=False),
    Bot(
        id=21,
        status="stopped",
        quantity=D(0),
        layer=0,
        average_price=None,
        unrealised=None,
        value=None,
        can_start=True,
        can_pause=False,
        can_close=False,
    ),
]

FEED = [
    Item(),
    Item(299, AT - timedelta(seconds=41), "sold", "ETH/USDT", "Sold 1.2 ETH", "All of it, at 2,841.20", D("3409.44")),
    Item(298, AT - timedelta(minutes=2), "blocked", "ETH/USDT", "Entry blocked: ETH/USDT", "Crash guard: the price fell 8.4 % within 4 hours.", None),
    Item(297, AT - timedelta(minutes=3), "denied", "BTC/USDT", "No order for your bot", "Free balance 4.20 USDT is below the minimum of 5.25 USDT.", None),
    Item(296, AT - timedelta(minutes=9), "failed", "BTC/USDT", "The exchange refused the order", "Nothing was bought. The key may no longer trade; check it on the exchange.", None),
    Item(295, AT - timedelta(hours=1), "notice", "", "Trading is on", "The market data is back.", None),
]  # fmt: skip

DECISIONS = [
    Decision(42, action="add", layer=2),
    Decision(41, symbol="ETH/USDT", price=D("2841.2"), regime="bearish", blocked=True, reason="Crash guard: the price fell 8.4 % within 4 hours.", you=None, you_state="none", followed=0),
    Decision(40, you="Your bot on Main account got no order: its free balance was below the minimum.", you_state="denied"),
    Decision(39, action="exit", symbol="SOL/USDT", price=D("142.3"), you="Your bot waits for the next entry.", you_state="waiting", followed=0, bots=12),
    Decision(38, action="reduce", symbol="SOL/USDT", price=D("149"), you=None, you_state="none", followed=12, bots=12),
]  # fmt: skip

CANDLES = [Candle(AT - timedelta(hours=n)) for n in range(8)]


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
    return page() | {
        "markets": [] if empty else MARKETS,
        "bots": [] if empty else BOTS,
        "feed": [] if empty else FEED,
        "decisions": [] if empty else DECISIONS,
        "totals": Totals(D(0), D(0), D(0)) if empty else Totals(),
        "last_event_id": "" if empty else "1700000000-5",
    }


def sign_in(*, wrong: bool = False) -> dict[str, Any]:
    """Give the sign-in page's context, fresh or after a mistake."""
    mistakes = {"": "The e-mail or the password is wrong. Check both and try again."}
    return page("/sign-in", signed_in=False) | {
        "email": "alice@example.com" if wrong else "",
        "errors": mistakes if wrong else {},
        "demo_login": ("demo@nexus.example", "nexus-demo-12345"),
        "next": "/",
    }


def new_bot(*, wrong: bool = False) -> dict[str, Any]:
    """Give the new-bot page's context, fresh or after mistakes."""
    mistakes = {
        "allocation": "Write an amount of at least 10, like 250.",
        "account": "This account has 4.20 USDT free. Choose another or a smaller amount.",
    }
    return page("/bots/new") | {
        "symbols": ["BTC/USDT", "ETH/USDT"],
        "strategies": [
            ("trend", "Trend follower", "Buys in three layers while a trend lasts, leaves at its end."),
            ("other", "Another strategy", "Something else that an operator hosts."),
        ],
        "accounts": [(1, "Paper account", "paper", D("9000")), (2, "Main", "binance", None)],
        "form": {"strategy": "other", "allocation": "abc"} if wrong else {},
        "errors": mistakes if wrong else {},
        "minimum": D("10"),
    }


def close_bot(bot: Bot, *, wrong: bool = False) -> dict[str, Any]:
    """Give the confirm page's context."""
    mistakes = {"": "The price is too old to sell on right now. Try again in a minute."}
    return page(f"/bots/{bot.id}/close") | {
        "bot": bot,
        "errors": mistakes if wrong else {},
        "idempotency_key": "once",
    }


def symbol(*, empty: bool = False) -> dict[str, Any]:
    """Give one symbol's page its context."""
    return page("/market/BTC-USDT") | {
        "market": MARKETS[3 if empty else 0],
        "candles_url": "/market/BTC-USDT/candles",
        "candles": [] if empty else CANDLES,
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
    "home-empty": ("feed/home.html", home(empty=True)),
    "sign-in": ("accounts/sign_in.html", sign_in()),
    "sign-in-wrong": ("accounts/sign_in.html", sign_in(wrong=True)),
    "new": ("bots/new.html", new_bot()),
    "new-wrong": ("bots/new.html", new_bot(wrong=True)),
    "close": ("bots/close.html", close_bot(BOTS[0])),
    "close-empty": ("bots/close.html", close_bot(BOTS[1])),
    "close-wrong": ("bots/close.html", close_bot(BOTS[0], wrong=True)),
    "symbol": ("market/symbol.html", symbol()),
    "symbol-empty": ("market/symbol.html", symbol(empty=True)),
    "error": ("errors/error.html", error()),
    "styleguide": ("development/styleguide.html", page("/development/styleguide")),
}
"""Every page in its states: name -> template and context."""
