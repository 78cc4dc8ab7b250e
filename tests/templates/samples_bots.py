"""What are the pages of bots shown with in tests? One of every state of each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from nexus.bots.preview import Preview, Step
from nexus.bots.readiness import Check
from nexus.bots.views import BotView
from nexus.feed.bot_views import BookView, BotFacts, LayerView, OrderView, ReachView, SpanView

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
FREE = "The account had too little free: 4.20 of at least 10."

FACTS = BotFacts(
    id=17,
    strategy="trend",
    symbol="BTC/USDT",
    allocation=Decimal(1000),
    cost=Decimal("687.83"),
    trade_id=40,
    created_at=AT - timedelta(days=9),
    deleted_at=None,
)
FIRST = LayerView(
    number=1,
    at=AT - timedelta(hours=5),
    price=Decimal("95400.1"),
    quantity=Decimal("0.00419"),
    own_price=Decimal("95412.3"),
    said="Bought 0.00419 BTC for 399.78 USDT.",
)
MISSED = replace(FIRST, number=2, quantity=Decimal(0), own_price=None, said=FREE)
BOOK = BookView(
    leads=True,
    together=True,
    fraction=Decimal("0.7"),
    own_fraction=Decimal("0.6878"),
    peak=Decimal("98120.4"),
    stop_price=Decimal("91234.5"),
    average_price=Decimal("96210.2"),
    layers=(FIRST, MISSED),
)
NO_BOOK = replace(
    BOOK,
    leads=False,
    together=False,
    fraction=Decimal(0),
    own_fraction=Decimal(0),
    peak=None,
    stop_price=None,
    average_price=None,
    layers=(),
)
FILLED = OrderView(
    id=900,
    at=AT,
    symbol="BTC/USDT",
    side="buy",
    action="add",
    status="FILLED",
    quantity=Decimal("0.00302"),
    done=Decimal("0.00302"),
    turnover=Decimal("288.05"),
    fees=((Decimal("0.28"), "USDT"),),
    reason="",
)
UNSOLD = replace(FILLED, side="sell", action="exit", done=Decimal(0), turnover=Decimal(0), fees=())
ORDERS = [
    replace(UNSOLD, id=905, status="SENDING"),
    replace(UNSOLD, id=904, status="UNKNOWN", reason="The exchange has not confirmed it yet."),
    replace(UNSOLD, id=903, status="REJECTED", reason="The exchange refused the order."),
    replace(FILLED, id=902, status="CANCELED", done=Decimal("0.001"), turnover=Decimal("95.4")),
    FILLED,
]
REACHED = ReachView(
    id=42,
    at=AT,
    symbol="BTC/USDT",
    action="enter",
    layer=1,
    price=Decimal("95400.1"),
    regime="bullish",
    blocked=False,
    reason="Entries are allowed in a bullish market.",
    why="The fast average crossed above the slow one.",
    state="followed",
    said="Bought 0.00419 BTC for 399.78 USDT.",
)
BLOCKED = "Crash guard: the price fell 8.4 % within 4 hours."
REACHES = [
    REACHED,
    replace(REACHED, id=41, action="add", layer=2, state="denied", said=FREE),
    replace(
        REACHED,
        id=40,
        blocked=True,
        regime="bearish",
        reason=BLOCKED,
        state="blocked",
        said="The gate blocked it, so no bot was asked.",
    ),
    replace(REACHED, id=39, state="waiting", said="The bot is not in this trade."),
    replace(REACHED, id=38, state="none", said="This bot was not there yet."),
]
ZONES = [
    SpanView(AT - timedelta(hours=1), None, "bearish", shut=True, reason=BLOCKED),
    SpanView(
        AT - timedelta(hours=9), AT - timedelta(hours=7), "sideways", shut=True, reason="No trend."
    ),
]

STEP = Step(AT, "enter", 1, Decimal("95400.1"), "bought", amount=Decimal(400))
SEEN = Preview(
    steps=(
        replace(STEP, action="exit", state="sold", result=Decimal("-12.3")),
        replace(STEP, action="add", layer=2),
        STEP,
        replace(STEP, state="blocked", amount=Decimal(0), reason=BLOCKED),
        replace(STEP, action="exit", state="waiting", amount=Decimal(0)),
    ),
    trades=1,
    result=Decimal("-12.3"),
    fees=Decimal("1.61"),
    blocked=1,
    invested=Decimal("400.4"),
)


def bot_page(bot: BotView, **changes: Any) -> dict[str, Any]:
    """Give one bot's page its context: a full one, but for what is named here."""
    return {
        "bot": bot,
        "facts": replace(FACTS, id=bot.id),
        "book": BOOK,
        "orders": ORDERS,
        "older_orders": f"/bots/{bot.id}?orders=900",
        "reached": REACHES,
        "older_decisions": f"/bots/{bot.id}?decisions=38",
        "here": f"/bots/{bot.id}",
        "newest": True,
        "zones": ZONES,
        "last_event_id": "300",
        **changes,
    }


def new_bot(*, wrong: bool = False) -> dict[str, Any]:
    """Give the new-bot page's context, fresh or after mistakes."""
    mistakes = {
        "allocation": "Write an amount of at least 10, like 250.",
        "account": "This account has 4.20 USDT free. Choose another or a smaller amount.",
    }
    typed = {"strategy": "other", "symbol": "ETH/USDT", "account": "2", "allocation": "abc"}
    return {
        "path": "/bots/new",
        "symbols": ["BTC/USDT", "ETH/USDT"],
        "strategies": [
            ("trend", "Trend follower", "Buys in layers while a trend lasts, leaves at its end."),
            ("other", "Another strategy", "Something else that an operator hosts."),
        ],
        "accounts": [(1, "Paper account", "paper", Decimal(9000)), (2, "Main", "binance", None)],
        "form": typed if wrong else dict.fromkeys(typed, "") | {"strategy": "trend"},
        "errors": mistakes if wrong else {},
        "minimum": Decimal(10),
        "seen": None,
        "said": "",
    }


def edit_bot(bot: BotView, typed: str = "1000", **changes: Any) -> dict[str, Any]:
    """Give the page of another amount its context."""
    return {
        "bot": bot,
        "form": {"allocation": typed, "was": "1000"},
        "errors": {},
        "minimum": Decimal(10),
        "wanted": None,
        "meanings": [],
        **changes,
    }


def clone_bot(bot: BotView, *, ready: bool, wrong: bool = False) -> dict[str, Any]:
    """Give the page that goes live its context: with the list done, or half of it."""
    mistakes = {"risk": "Tick this once you have read it.", "account": "Choose one that works."}
    return {
        "bot": bot,
        "checks": [
            Check(
                "verified",
                "A confirmed e-mail address",
                "Mails must reach you.",
                done=True,
                action="",
                href="",
            ),
            Check("factor", "A second factor", "For you.", ready, "Add one", "/settings"),
            Check(
                "limits", "A limit on what you can lose", "It stops.", ready, "Set it", "/settings"
            ),
        ],
        "ready": ready,
        "accounts": [(2, "Main account", "binance", Decimal("420.5")), (3, "Other", "okx", None)],
        "form": {"account": "2", "allocation": "250", "risk": ""},
        "errors": mistakes if wrong else {},
        "minimum": Decimal(10),
    }


def pages(holding: BotView, waiting: BotView) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give every page of bots in its states: name -> template and context."""
    nothing: dict[str, Any] = {
        "book": NO_BOOK,
        "orders": [],
        "older_orders": None,
        "reached": [],
        "older_decisions": None,
        "zones": [],
    }
    gone = replace(FACTS, deleted_at=AT, trade_id=None)
    stopped = replace(waiting, status="stopped")
    some = {
        "live": [waiting],
        "practice": [holding, replace(holding, id=19, status="paused")],
        "deleted": [stopped],
    }
    none: dict[str, Any] = {"live": [], "practice": [], "deleted": []}
    return {
        "new": ("bots/new.html", new_bot()),
        "new-wrong": ("bots/new.html", new_bot(wrong=True)),
        "new-seen": (
            "bots/new.html",
            new_bot() | {"seen": SEEN, "form": {"strategy": "trend", "symbol": "BTC/USDT"}},
        ),
        "new-nothing": ("bots/new.html", new_bot() | {"seen": replace(SEEN, steps=())}),
        "edit": ("bots/edit.html", edit_bot(holding)),
        "edit-wrong": (
            "bots/edit.html",
            edit_bot(holding, "abc", errors={"allocation": "Write an amount.", "": "Changed."}),
        ),
        "edit-meaning": (
            "bots/edit.html",
            edit_bot(holding, "400", wanted=Decimal(400), meanings=["It buys nothing more."]),
        ),
        "go-live": ("bots/live.html", clone_bot(holding, ready=True)),
        "go-live-wrong": ("bots/live.html", clone_bot(holding, ready=True, wrong=True)),
        "go-live-early": ("bots/live.html", clone_bot(holding, ready=False)),
        "delete": ("bots/delete.html", {"bot": stopped, "before": "", "errors": {}}),
        "delete-early": (
            "bots/delete.html",
            {"bot": holding, "before": "Stop the bot first.", "errors": {}},
        ),
        "delete-refused": (
            "bots/delete.html",
            {"bot": holding, "before": "It holds.", "errors": {"": "Close it first."}},
        ),
        "bots": ("bots/list.html", some | {"last_event_id": "300"}),
        "bots-empty": ("bots/list.html", none | {"last_event_id": "0"}),
        "bot": ("bots/bot.html", bot_page(holding)),
        "bot-older": ("bots/bot.html", bot_page(holding, newest=False)),
        "bot-empty": (
            "bots/bot.html",
            bot_page(waiting, facts=replace(FACTS, trade_id=None), **nothing),
        ),
        "bot-deleted": ("bots/bot.html", bot_page(stopped, facts=gone, book=NO_BOOK)),
    }
