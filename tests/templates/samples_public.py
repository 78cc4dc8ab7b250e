"""What do the public pages show in tests? A full record and an empty one, good and bad days."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nexus.billing.models import Tier
from nexus.public.document import draw_document, quote_in
from nexus.public.routes import PROMISES
from nexus.public.status import Line, SymbolLine
from nexus.public.track_record import ClosedTrade, TrackRecord

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
TRADES = tuple(
    ClosedTrade("BTC/USDT", AT, AT, Decimal(percent)) for percent in ("4.2", "-1.35", "0", "2.1")
)
FULL = TrackRecord(
    label="Trend follower",
    summary="Buys in layers while a trend lasts, leaves at its end.",
    since=AT,
    passed=31,
    blocked=12,
    reasons=(("Bearish market", 9), ("Crash guard", 3)),
    trades=TRADES,
)
NEW = TrackRecord("Another strategy", "Something else.", None, 0, 0, (), ())
TIERS = [
    Tier(name=name, max_bots=bots, max_allocation=Decimal(most))
    for name, bots, most in (("starter", 3, 2000), ("trader", 10, 25_000), ("pro", 50, 250_000))
]
WELL = [
    Line("Pages", "good", "Working", "You are reading one."),
    Line("Worker", "good", "Working", "It last finished a look at the market 3 s ago."),
    Line("Trading", "warn", "Entries off", "Nothing new is bought. Exits are followed."),
]
AWAY = [Line("Records", "bad", "Not reachable", "Nothing is traded until they are back.")]
SYMBOLS = [
    SymbolLine("BTC/USDT", 4, stale=False, source="binance", entries_allowed=True, reason=""),
    SymbolLine("ETH/USDT", 75, stale=True, source="okx", entries_allowed=False, reason="Old data"),
    SymbolLine("PEPE/USDT", None, stale=True, source="", entries_allowed=False, reason="No price"),
]

PROMISES_TEXT = PROMISES.read_text(encoding="utf-8")


def priced(*tiers: Tier) -> dict[str, Any]:
    return {"tiers": tiers, "currency": "USDT", "first_tier": "starter"}


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "landing": (
        "public/landing.html",
        {"records": [FULL, NEW], "proved": quote_in(PROMISES_TEXT), **priced(*TIERS)},
    ),
    "landing-empty": ("public/landing.html", {"records": [], "proved": "", **priced()}),
    "pricing": ("public/pricing.html", priced(*TIERS)),
    "status": ("public/status.html", {"lines": WELL, "symbols": SYMBOLS}),
    "status-away": ("public/status.html", {"lines": AWAY, "symbols": []}),
    "public-security": ("public/security.html", {"contact": "mailto:security@example.com"}),
    "public-security-nobody": ("public/security.html", {"contact": ""}),
    "offline": ("public/offline.html", {}),
    "promises": ("public/promises.html", {"document": draw_document(PROMISES_TEXT)}),
}
