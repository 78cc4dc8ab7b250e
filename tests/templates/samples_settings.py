"""What are the settings shown with in tests?"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from nexus.accounts.choose_display import ERRORS, currencies_of, formats_in_words
from nexus.accounts.forms import DisplayForm
from nexus.accounts.queries import ActivityView, SessionView
from nexus.bots.limits import Limits, Purse, Standing
from nexus.bots.limits_form import written
from nexus.core.display import all_zones
from nexus.notices.choices import CHANNELS, DEFAULTS, EVENTS, all_choices
from nexus.notices.devices import UNKNOWN_SERVICE, DeviceView

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
LONG_NETWORK = "2001:db8:85a3:8d3::/64"

DEVICES = [
    DeviceView(7, "Firefox on Android", AT, is_here=True),
    DeviceView(6, "Samsung Internet on Android", AT, is_here=False),
]
SESSIONS = [
    SessionView(7, "Firefox on Android", "192.0.2.7", AT, AT, is_here=True),
    SessionView(9, "Samsung Internet on Android", LONG_NETWORK, AT, AT, is_here=False),
    SessionView(8, "An unknown browser", "", AT, AT, is_here=False),
]
ACTIVITY = [
    ActivityView(40, AT, "Signed in, with a passkey", "192.0.2.7", refused=False),
    ActivityView(
        39, AT, "Sign-in refused, with the password, 12 times", LONG_NETWORK, refused=True
    ),
    ActivityView(38, AT, "Account enabled again, by our staff", "", refused=False),
]


def notices(**changes: Any) -> dict[str, Any]:
    return {
        "events": EVENTS,
        "channels": CHANNELS,
        "choices": {key: DEFAULTS[key[1]] for key in all_choices()},
        "devices": DEVICES,
        "push_key": "BA" * 43,
        "saved": False,
        "refused": "",
        **changes,
    }


def activity(*, empty: bool = False) -> dict[str, Any]:
    """Give the activity page its context."""
    if empty:
        return {"entries": [], "older": None, "first": True}
    return {"entries": ACTIVITY, "older": 38, "first": True}


def profile(**errors: str) -> dict[str, Any]:
    """Give the profile page its context."""
    return {"display_name": "Alice", "errors": errors}


def download(**errors: str) -> dict[str, Any]:
    """Give the download page its context."""
    return {"errors": errors}


def delete(**errors: str) -> dict[str, Any]:
    """Give the page of leaving its context."""
    return {"email": "alice@example.org" if errors else "", "errors": errors, "grace_days": 14}


def display(*, saved: bool = False, **errors: str) -> dict[str, Any]:
    """Give the page of time and numbers its context."""
    typed = "Atlantis" if errors else "America/Argentina/Buenos_Aires"
    return {
        "form": DisplayForm(time_zone=typed, number_format="de-DE", display_currency="BTC"),
        "errors": errors,
        "first_error": next(iter(errors), None),
        "saved": saved,
        "zones": all_zones(),
        "formats": formats_in_words("Europe/Berlin", AT),
        "currencies": currencies_of(["BTC/USDT", "ETH/USDT"]),
    }


LIMITS = Limits(
    allocation=Decimal(5000), day_loss=Decimal("50.5"), day_loss_closes=True, drawdown=Decimal(200)
)
STANDING = Standing(
    Decimal("4210.55"), Decimal("-52.1"), Decimal(-60), Decimal("12.4"), 2, AT
)  # fmt: skip


def limits(*, empty: bool = False, **errors: str) -> dict[str, Any]:
    """Give the page of limits its context."""
    known = Limits() if empty else LIMITS
    form = {name: getattr(written(known), name) for name in Limits.__slots__}
    blocked = "Today's loss of 52.10 has reached your limit of 50.50. Nothing is bought today."
    return {
        "form": form | ({"positions": "lots"} if errors else {}),
        "errors": errors,
        "unsaved": False,
        "saved": False,
        "limits": known,
        "standings": [] if empty else [
            (Purse(1, practice=False, quote="USDT"), STANDING),
            (Purse(1, practice=True, quote="USDT"), Standing(result=None)),
        ],
        "blocks": [] if empty else [blocked],
    }  # fmt: skip


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "settings": ("settings/index.html", {}),
    "profile": ("settings/profile.html", profile()),
    "profile-wrong": (
        "settings/profile.html",
        profile(display_name="Choose a name of at most 80 characters."),
    ),
    "display": ("settings/display.html", display()),
    "display-saved": ("settings/display.html", display(saved=True)),
    "display-wrong": ("settings/display.html", display(saved=False, **ERRORS)),
    "limits": ("settings/limits.html", limits()),
    "limits-empty": ("settings/limits.html", limits(empty=True)),
    "limits-saved": ("settings/limits.html", limits(empty=True) | {"saved": True}),
    "limits-unsaved": ("settings/limits.html", limits() | {"unsaved": True}),
    "limits-wrong": (
        "settings/limits.html",
        limits(positions="Write a whole number from 1 to 1,000, or leave it empty for no limit."),
    ),
    "notifications": ("settings/notifications.html", notices()),
    "notifications-saved": ("settings/notifications.html", notices(saved=True, devices=[])),
    "notifications-none": ("settings/notifications.html", notices(push_key="", devices=[])),
    "notifications-refused": (
        "settings/notifications.html",
        notices(refused=UNKNOWN_SERVICE),
    ),
    "sessions": ("settings/sessions.html", {"sessions": SESSIONS}),
    "sessions-one": ("settings/sessions.html", {"sessions": SESSIONS[:1]}),
    "activity": ("settings/activity.html", activity()),
    "activity-empty": ("settings/activity.html", activity(empty=True)),
    "data": ("settings/data.html", {"grace_days": 14}),
    "download": ("settings/download.html", download()),
    "download-often": (
        "settings/download.html",
        download(**{"": "Too many attempts. Wait 10 minutes, then try again."}),
    ),
    "delete": ("settings/delete.html", delete()),
    "delete-wrong": (
        "settings/delete.html",
        delete(email="Write alice@example.com, or keep the account."),
    ),
}
