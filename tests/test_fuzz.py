"""Does any route fail at what strangers and people who are signed in may send? Never with a 500.

`make test` takes a look of half a minute, the same one each time. `bin/fuzz 300` goes on for that
many seconds with other seeds.
"""

import asyncio
import os
import sys
import time
from itertools import count
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from schemathesis import GenerationMode
from sqlalchemy import func, select, update

from nexus.accounts.models import User
from nexus.accounts.sessions import start_session
from nexus.app import create_app
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.core.headers import NOTHING_KEPT
from tests.admin.rooms import hire
from tests.belongings import MAKERS
from tests.databases import flush
from tests.fuzz import Visitor, attack, operations, schema_of
from tests.test_app import environment, port_of, web_process
from tests.website import TOKEN, Website, settings_for

SECONDS = int(os.environ.get("FUZZ_SECONDS", "0"))
EXAMPLES = 8 if SECONDS else 2
# Wrong shapes take long to make up, and our forms refuse them at the door in one line.
MODES = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if SECONDS else [])]
GOOGLE = {"google_client_id": "fuzz", "google_client_secret": "fuzz"}
FUZZ = "fuzz@example.com"


async def prepare(database_url: str) -> int:
    """Make an admin who owns one of everything, and somebody to act on."""
    database = Database(database_url)
    website = Website(Litestar(), "")
    website.app.state.database = database
    admin = await hire(website, "admin", FUZZ)
    await hire(website, "trader", "somebody@example.com")
    async with database.transaction() as tx:
        for make in MAKERS.values():
            await make(tx, admin)
    await database.close()
    return admin


async def fresh_session(database_url: str, user_id: int) -> str:
    """Give a new session's token; whatever the attack did to the person is undone."""
    database = Database(database_url)
    async with database.transaction() as tx:
        well = {"email": FUZZ, "email_key": FUZZ, "disabled_at": None, "delete_after": None}
        await tx.execute(update(User).where(User.id == user_id).values(**well))
        token = await start_session(tx, user_id, user_agent="", network="")
    await database.close()
    return token


def visitor_with(url: str, session: str) -> Visitor:
    """Open a page as somebody would, and keep its token and cookies."""
    with httpx.Client(base_url=url, timeout=30) as http:
        if session:
            http.cookies.set("nexus-session", session)
        page = http.get("/" if session else "/sign-in")
        found = TOKEN.search(page.text)
        assert page.headers["cache-control"] == NOTHING_KEPT
        assert found, page.status_code
        return Visitor(url, dict(http.cookies), found[1])


def test_nothing_that_is_sent_makes_a_route_fail(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings = settings_for(database_url, redis_url)
    schema = schema_of(create_app(settings_for(database_url, redis_url, **GOOGLE)))
    admin = asyncio.run(prepare(database_url))
    log = tmp_path / "web.log"
    upper = {name.upper(): value for name, value in GOOGLE.items()}
    until = time.monotonic() + SECONDS
    answers: dict[int, int] = {}
    with web_process(log, environment(settings, **upper)) as process:
        url = f"http://127.0.0.1:{port_of(log, process)}"
        for seed in count():
            for operation in operations(schema):
                if seed and time.monotonic() >= until:
                    break  # Every route has had its turn; this round only went on.
                for mode in MODES:
                    for signed_in in (False, True):
                        # Throttles are tested elsewhere; here they would hide what is behind.
                        flush(redis_url.removesuffix("/0"))
                        session = asyncio.run(fresh_session(database_url, admin))
                        visitor = visitor_with(url, session if signed_in else "")
                        attack(operation, visitor, mode=mode, seed=seed, examples=EXAMPLES)
                        assert visitor.failed == [], log.read_text()[-4000:]
                        for status, times in visitor.answers.items():
                            answers[status] = answers.get(status, 0) + times
            if time.monotonic() >= until:
                break
        assert process.poll() is None, "The web process died."
    told = f"{sum(answers.values())} requests in {seed + 1} rounds: {sorted(answers.items())}"
    sys.stdout.write(told)
    # Had it not got past the door, it would have proven nothing.
    assert answers.get(200, 0) > 50, told
    assert answers.get(422, 0) > 20, told
    assert "request_failed" not in log.read_text()


@pytest.mark.parametrize("path", ["/bots/new", "/admin/switches", "/sign-up"])
def test_the_schema_knows_the_forms(database_url: str, redis_url: str, path: str) -> None:
    schema = schema_of(create_app(settings_for(database_url, redis_url)))
    (content,) = schema["paths"][path]["post"]["requestBody"]["content"].values()
    assert "csrf_token" in content["schema"]["properties"]
    assert len(content["schema"]["properties"]) > 2


async def test_the_owner_of_everything_is_prepared(database: Database, database_url: str) -> None:
    admin = await prepare(database_url)
    async with database.transaction() as tx:
        people = select(func.count()).select_from(User).where(User.created_at <= now())
        assert await tx.scalar(people) == 2
        assert await tx.scalar(select(User.role).where(User.id == admin)) == "admin"
