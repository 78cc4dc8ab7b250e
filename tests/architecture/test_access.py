"""Does docs/access.md say what the code does? Operators decide by it, reviewers judge by it."""

import importlib
import re
from datetime import timedelta

from litestar.routes import HTTPRoute

from nexus.accounts import passwords, sessions, step_up
from nexus.accounts.models import ROLES
from nexus.app import create_app
from nexus.core.throttle import Rule
from nexus.core.web import PUBLIC
from tests.architecture.source import ROOT, SOURCE
from tests.website import settings_for

TEXT = (ROOT / "docs" / "access.md").read_text()
WORDS = " ".join(TEXT.split())


def rows(heading: str) -> list[list[str]]:
    """Read the table below a heading, without its own head."""
    part = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def throttles() -> set[tuple[str, int, int]]:
    """Find every rule of accounts, of the files to take along, and of what is open to everybody."""
    found = set()
    folders = ("accounts", "core", "portfolio")
    for file in [file for folder in folders for file in SOURCE.glob(f"{folder}/*.py")]:
        if "Rule(" in file.read_text() and file.stem != "throttle":
            module = importlib.import_module(f"nexus.{file.parent.name}.{file.stem}")
            rules = [rule for rule in vars(module).values() if isinstance(rule, Rule)]
            found |= {(rule.name, rule.limit, rule.seconds) for rule in rules}
    return found


def test_the_throttles_are_as_documented() -> None:
    written = {
        (name, int(times), int(within.removesuffix(" min")) * 60)
        for name, times, within in rows("Throttles")
    }
    assert written == throttles()


def in_words(duration: timedelta) -> str:
    if duration >= timedelta(days=1):
        return f"{duration.days} days"
    hours, minutes = divmod(duration.seconds // 60, 60)
    return f"{minutes} minutes" if minutes else f"{hours} hours"


def test_sessions_last_as_documented() -> None:
    traders, staff = rows("Sessions")
    assert traders[1:] == [in_words(sessions.ENDS_IDLE_AFTER), in_words(sessions.ENDS_AFTER)]
    assert staff[1:] == [
        in_words(sessions.STAFF_ENDS_IDLE_AFTER),
        in_words(sessions.STAFF_ENDS_AFTER),
    ]
    assert f"at most {in_words(step_up.FRESH)} old" in WORDS
    assert "no limit to how many sessions" in WORDS


def test_passwords_are_as_documented() -> None:
    assert f"{passwords.SHORTEST} to {passwords.LONGEST} characters of any kind" in WORDS
    common = (SOURCE / "accounts" / "common_passwords.txt").read_text().splitlines()
    assert f"the {len(common):,} most common leaked ones" in WORDS


def test_every_role_is_documented() -> None:
    head = TEXT.partition("## Who may do what\n")[2].strip().splitlines()[0]
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["", "nobody", *ROLES]


def test_every_way_in_is_documented() -> None:
    """What starts a session, or finishes one, is in these files and no others."""
    starting = re.compile(r"\bstart_session\(|\baccept_proof\(|factor_pending=False")
    files = {
        file.stem
        for file in SOURCE.rglob("*.py")
        if starting.search(file.read_text()) and file.stem != "sessions"
    }
    assert files == {
        "sign_in",
        "sign_in_openid",
        "sign_in_passkey",
        "verify",
        "prove",
        "link_identity",
    }
    ways = [row[0].split(" ")[0] for row in rows("Ways in")]
    assert ways == ["Password", "Passkey,", "OpenID", "Recovery", "Link", "Code"]


def test_only_known_routes_need_nobody(database_url: str, redis_url: str) -> None:
    app = create_app(settings_for(database_url, redis_url))
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            if route.path.startswith(("/settings", "/admin", "/bots", "/prove")):
                assert not handler.opt.get(PUBLIC), route.path
