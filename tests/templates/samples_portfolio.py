"""What are the pages of the portfolio and the trades shown with in tests?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from nexus.bots.views import BotView
from nexus.core.clock import SetClock, use
from nexus.feed.money import Money
from nexus.portfolio.equity import RANGES, Moment
from nexus.portfolio.equity_line import EquityLine, line_of
from nexus.portfolio.read_today import Today
from nexus.portfolio.search_trades import (
    KINDS,
    SIDES,
    SIMULATED_KINDS,
    Choices,
    Trade,
    TradeSearch,
)
from nexus.portfolio.weigh_bots import Sum, purses_of
from tests.templates import samples_gate

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
FIELDS = ("bot", "account", "symbol", "side", "kind", "since", "until")
BOUGHT = Trade(
    id=12, at=AT, symbol="BTC/USDT", side="buy", price=Decimal("97123.45"),
    quantity=Decimal("0.00412"), fee=Decimal("0.00000412"), fee_asset="BTC", trade_id="T-12",
    bot_id=17, account_id=3, account="Practice", venue="paper",
)  # fmt: skip
SOLD = replace(BOUGHT, id=11, side="sell", fee=Decimal("0.4"), fee_asset="USDT", trade_id="T-11")
PRACTICE = BotView(
    id=17, user_id=1, symbol="BTC/USDT", base="BTC", quote="USDT", strategy_label="Trend",
    account_label="Practice", venue="paper", status="running", note="",
    allocation=Decimal(1000), quantity=Decimal("0.00412"), value=Decimal("400.15"), layer=1,
    layers=3, average_price=Decimal(95000), unrealised=Decimal("8.75"),
    realised=Decimal("-12.30"), stop_price=None, account_id=3,
)  # fmt: skip
REAL = replace(
    PRACTICE, id=18, venue="binance", account_id=4,
    account_label="A long name of an account at Binance", value=None,
    unrealised=None, realised=Decimal("1234567.891"),
)  # fmt: skip
FLAT = replace(
    REAL, id=19, quantity=Decimal(0), value=Decimal(0), symbol="ETH/USDT", base="ETH", deleted=True
)


def trades(
    *found: Trade, errors: dict[str, str] | None = None, refused: str = "", **form: str
) -> dict[str, Any]:
    """Give the page of the trades its context."""
    return {
        "refused": refused,
        "search": TradeSearch(side=form.get("side", "")),
        "form": dict.fromkeys(FIELDS, "") | form,
        "errors": errors or {},
        "choices": Choices(
            {17: "trend on BTC/USDT, Practice"}, {3: "Practice"}, ("BTC/USDT", "ETH/USDT")
        ),
        "sides": SIDES,
        "kinds": KINDS,
        "trades": found,
        "searched": bool(form),
        "query": "side=sell" if form else "",
        "older": "/trades?before=11" if len(found) > 1 else None,
    }


def equity_line(*, gap: bool = False) -> EquityLine | None:
    """Give a day of equity that rose, fell and rose again; with a gap, an hour of it is missing."""
    steps = (0, 3, 8, 6, 12, 9, 4, -2, -6, -3, 1, 5, 9, 14, 11, 16)
    moments = [
        Moment(AT + timedelta(minutes=15) * number, 10_000 + Decimal(step), Decimal(step))
        for number, step in enumerate(steps)
        if not gap or number not in (5, 6, 7)
    ]
    with use(SetClock(moments[-1].at)):
        return line_of(moments, "USDT")


def portfolio(*bots: BotView, **context: Any) -> dict[str, Any]:
    """Give the page of the portfolio its context."""
    accounts = {bot.account_id: bot.account_label for bot in bots}
    return {
        "purses": purses_of(bots),
        "lines": {},
        "rates": RATES,
        "accounts": accounts,
        "account": None,
        "ranges": {name: words for name, (words, _) in RANGES.items()},
        "range": "week",
        **context,
    }


RATES = {"BTC/USDT": Decimal("97123.45")}
TODAY = Today(practice=True, currency="USDT", equity=Decimal("10016.00"), result=Decimal("-3.25"))
TODAYS = [
    Today(practice=False, currency="USDT", equity=None, result=None),
    replace(TODAY, practice=False, currency="BTC", since=AT, result=Decimal("1234.5")),
    TODAY,
]
HELD = Sum("Together", "USDT", Decimal("12345.678"), Decimal("142.37"), Decimal("-18.20"))
MONEY = Money(TODAY, HELD)
MONEYS = [
    Money(TODAYS[0], replace(HELD, value=None, unrealised=None)),
    Money(TODAYS[1], Sum("Together", "BTC", Decimal(0), Decimal(0), Decimal("0.25"))),
    MONEY,
]


def money(*, empty: bool = False) -> dict[str, Any]:
    """Give what home says of somebody's money: lines with and without a gap, and a line to come."""
    lines = {(True, "USDT"): equity_line(), (False, "USDT"): equity_line(gap=True)}
    return {
        "moneys": [] if empty else MONEYS,
        "lines": {} if empty else lines,
        "kinds": SIMULATED_KINDS,
        "rates": RATES,
    }


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "trades": ("portfolio/trades.html", trades(BOUGHT, SOLD)),
    "trades-filtered": ("portfolio/trades.html", trades(SOLD, side="sell")),
    "trades-empty": ("portfolio/trades.html", trades()),
    "trades-none": ("portfolio/trades.html", trades(side="sell")),
    "trades-wrong": (
        "portfolio/trades.html",
        trades(errors={"since": "Write a day like 2026-03-31."}, since="31.3.2026"),
    ),
    "trades-refused": (
        "portfolio/trades.html",
        trades(BOUGHT, refused="You took many files. Wait 4 minutes, then take the next one."),
    ),
    "portfolio": (
        "portfolio/portfolio.html",
        portfolio(
            PRACTICE,
            REAL,
            FLAT,
            lines={(True, "USDT"): equity_line(), (False, "USDT"): equity_line(gap=True)},
        ),
    ),
    "portfolio-abroad": (
        "portfolio/portfolio.html",
        portfolio(PRACTICE, lines={(True, "USDT"): equity_line()}),
    ),
    "portfolio-new": ("portfolio/portfolio.html", portfolio(PRACTICE)),
    "portfolio-empty": ("portfolio/portfolio.html", portfolio()),
} | samples_gate.PAGES
