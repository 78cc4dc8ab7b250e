"""What is the gate's page shown with in tests?"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from nexus.feed.search_gate import SHOWS, GateLine, GateSearch
from nexus.regime.reason_words import REASONS

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
FIELDS = ("show", "symbol", "reason", "since", "until")
OPENED = GateLine(
    3, AT, "BTC/USDT", open=True, title="Entries allowed", regime="bullish",
    reason="Fast average and price are above the slow average (trend strength 31.2).", price=None,
)  # fmt: skip
CRASHED = GateLine(
    2, AT - timedelta(hours=5), "BTC/USDT", open=False, title="Crash guard", regime="bullish",
    reason="The price is 9.51 % below its highest of the last 240 minutes.", price=None,
)  # fmt: skip
BLOCKED = GateLine(
    7, AT, "ETH/USDT", open=False, title="Enter: no trend", regime="sideways",
    reason="There is no clear trend (trend strength 11.0).", price=Decimal("2841.2"),
)  # fmt: skip


def gate(*lines: GateLine, errors: dict[str, str] | None = None, **form: str) -> dict[str, Any]:
    """Give the gate's page its context."""
    return {
        "search": GateSearch(form.get("show", "log"), form.get("symbol", "")),
        "form": dict.fromkeys(FIELDS, "") | form,
        "errors": errors or {},
        "symbols": ("BTC/USDT", "ETH/USDT"),
        "reasons": REASONS,
        "shows": SHOWS,
        "lines": lines,
        "older": "/gate?before=2" if len(lines) > 1 else None,
    }


PAGES = {
    "gate": ("market/gate.html", gate(OPENED, CRASHED)),
    "gate-blocked": ("market/gate.html", gate(BLOCKED, show="blocked")),
    "gate-empty": ("market/gate.html", gate()),
    "gate-wrong": (
        "market/gate.html",
        gate(errors={"since": "Write a day like 2026-03-31."}, since="31.3.2026"),
    ),
}
