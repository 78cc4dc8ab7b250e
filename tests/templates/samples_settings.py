"""What are the settings shown with in tests?"""

from datetime import UTC, datetime
from typing import Any

from nexus.accounts.queries import ActivityView, SessionView

AT = datetime(2026, 3, 2, 14, 32, 5, tzinfo=UTC)
LONG_NETWORK = "2001:db8:85a3:8d3::/64"

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


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "settings": ("settings/index.html", {}),
    "profile": ("settings/profile.html", profile()),
    "profile-wrong": (
        "settings/profile.html",
        profile(display_name="Choose a name of at most 80 characters."),
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
