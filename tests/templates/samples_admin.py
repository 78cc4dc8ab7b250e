"""What are the rooms behind shown with in tests?"""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nexus.admin.act import ROLE_WORDS
from nexus.admin.close import Closing
from nexus.admin.exchanges import Connected, Doubts, KeysOf
from nexus.admin.queries import Counts, EntryView, PersonRow, PersonView, SessionView
from nexus.admin.stop import ScopeView, SwitchView
from nexus.exchanges.governor import EgressState
from nexus.exchanges.queries import HEALTH_WORDS

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
LONG = "somebody.with.a.long.address@subdomain.of.a.long.example.com"
WHY = "Why: write in 5 to 200 characters."

PEOPLE = [
    PersonRow(3, LONG, "trader", AT, disabled=True),
    PersonRow(2, "carol@example.com", "admin", AT, disabled=False),
]
SHOWN = PersonView(
    id=3,
    email=LONG,
    role="trader",
    created_at=AT,
    email_verified_at=AT,
    disabled_at=None,
    delete_after=AT,
    has_password=True,
    has_second_factor=False,
    identities=1,
    exchange_accounts=2,
    bots=14,
)
SESSION = SessionView(
    method="password",
    factor_pending=False,
    created_at=AT,
    last_seen_at=AT,
    device="Safari on iPhone",
    network="2001:db8::/64",
)
ENTRY = EntryView(
    id=9,
    at=AT,
    act="Account disabled",
    user_id=3,
    user_email=LONG,
    actor_id=2,
    actor_email="carol@example.com",
    network="192.0.2.7",
    detail="reason: They asked for it.",
    fits=True,
)
ENTRIES = [ENTRY, replace(ENTRY, id=8, actor_id=None, user_id=None, detail="", fits=False)]
RUNNING = SwitchView(
    "everything", "Everything", stopped=False, reason="", changed_at=None, changed_by=""
)
TURNED = replace(RUNNING, stopped=True, reason="It sold too late.", changed_at=AT, changed_by=LONG)
SCOPES = [
    ScopeView("everything", "Everything", RUNNING, RUNNING),
    ScopeView("strategy:trend", "Trend follower", TURNED, replace(TURNED, name="entries")),
    ScopeView("strategy:other", "Other", RUNNING, TURNED),
]
CLOSING = {
    "scope": SCOPES[1],
    "closing": Closing(5000, 4200, 1234, Decimal("1234567.89")),
    "reason": "",
    "errors": {},
    "idempotency_key": "0123456789abcdef",
}

_person = {
    "shown": SHOWN,
    "sessions": [SESSION, replace(SESSION, factor_pending=True)],
    "entries": ENTRIES,
    "helps": True,
    "decides": True,
    "reason": "",
    "errors": {},
}
_switches = {"scopes": SCOPES, "decides": True, "sent": "", "reason": "", "errors": {}}
_role = {"shown": SHOWN, "roles": ROLE_WORDS, "role": "reader", "reason": "", "errors": {}}

_ways = [
    EgressState("api.binance.com/default", 5120, 6000, 0, "", alone=False),
    EgressState("api.binance.com/tokyo", 6000, 6000, 0, "used up", alone=True),
    EgressState("okx.example/default", 12, 6000, 290, "banned", alone=False),
]
_connected = {
    "ways": _ways,
    "connected": Connected(4990, 3990, AT, None),
    "keys": [KeysOf("binance", "ok", 4980), KeysOf("okx", "revoked", 10)],
    "health_words": HEALTH_WORDS,
    "doubts": Doubts(3, 0),
}
_alone = _connected | {"ways": _ways[:1], "keys": [], "doubts": Doubts(0, 0)}

ADMIN_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "admin": (
        "admin/people.html",
        {"people": PEOPLE, "counts": Counts(12345, 3, 2, 1), "email": "", "more": 2},
    ),
    "admin-nobody": (
        "admin/people.html",
        {"people": [], "counts": Counts(0, 0, 0, 0), "email": "zoe", "more": None},
    ),
    "admin-person": ("admin/person.html", _person),
    "admin-person-wrong": ("admin/person.html", _person | {"errors": {"reason": WHY}}),
    "admin-person-read": (
        "admin/person.html",
        _person | {"helps": False, "decides": False, "sessions": [], "errors": {"": "You cannot."}},
    ),
    "admin-role": ("admin/role.html", _role),
    "admin-role-wrong": ("admin/role.html", _role | {"errors": {"role": "Choose one."}}),
    "admin-audit": ("admin/audit.html", {"entries": ENTRIES, "more": 8, "written": 9}),
    "admin-audit-empty": ("admin/audit.html", {"entries": [], "more": None, "written": 0}),
    "admin-check": ("admin/audit_check.html", {"sentences": [], "written": 9}),
    "admin-check-bad": (
        "admin/audit_check.html",
        {"sentences": ["Entry 8 was changed: its hash is of other words."], "written": 9},
    ),
    "admin-exchanges": ("admin/exchanges.html", _connected),
    "admin-exchanges-none": (
        "admin/exchanges.html",
        _alone | {"connected": Connected(0, 0, None, None)},
    ),
    "admin-switches": ("admin/switches.html", _switches),
    "admin-switches-wrong": (
        "admin/switches.html",
        _switches | {"sent": "everything", "reason": "no", "errors": {"reason": WHY}},
    ),
    "admin-close": ("admin/close.html", CLOSING),
    "admin-close-nobody": (
        "admin/close.html",
        CLOSING | {"closing": Closing(0, 0, 0, Decimal(0)), "errors": {"reason": WHY}},
    ),
    "admin-switches-read": ("admin/switches.html", _switches | {"decides": False}),
}
