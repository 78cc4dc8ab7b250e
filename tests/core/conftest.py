"""What the tests of the web's plumbing share: a running site with routes that only tests have."""

from collections.abc import AsyncIterator

import pytest
from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from nexus.accounts.sessions import Person
from nexus.core.csrf import EXEMPT
from nexus.core.db import Transaction
from nexus.core.web import PUBLIC, AnyRequest, page, see_other
from tests.website import Website, make_passwords_quick, serve, settings_for

ADD = text("INSERT INTO notes VALUES (:word)")


@get("/form")
async def show_form(request: AnyRequest, person: NamedDependency[Person]) -> object:
    return page(
        request,
        "accounts/sign_in.html",
        email=person.email,
        errors={},
        next="/",
        demo_login=None,
        issuers=[],
    )


@post("/form")
async def take_form() -> str:
    return "taken"


@put("/form")
async def put_form() -> str:
    return "put"


@post("/webhook", opt={PUBLIC: True, EXEMPT: True})
async def webhook() -> str:
    return "heard"


@post("/webhook-settings", opt={PUBLIC: True})
async def webhook_settings() -> str:
    return "changed"


@get("/boom", opt={PUBLIC: True})
async def boom() -> None:
    password = "canary-in-a-local-variable"
    raise RuntimeError(f"canary-detail {len(password)}")


@get("/gone", opt={PUBLIC: True})
async def gone() -> None:
    raise NotFoundException("canary-detail")


@get("/outage", opt={PUBLIC: True})
async def outage() -> None:
    raise OperationalError("SELECT canary-detail", {}, OSError("no route to host"))


@get("/part", opt={PUBLIC: True})
async def part(request: AnyRequest) -> object:
    return page(
        request,
        "errors/error.html",
        block="main",
        status=200,
        title="A part",
        message="",
        action_url="/",
        action_label="",
    )


@get("/number/{number:int}", opt={PUBLIC: True})
async def number(number: FromPath[int]) -> int:
    return number


@get("/note/{word:str}/{ending:str}", opt={PUBLIC: True})
async def note(
    word: FromPath[str], ending: FromPath[str], tx: NamedDependency[Transaction]
) -> object:
    await tx.execute(ADD, {"word": word})
    if ending == "raise":
        raise NotFoundException
    return see_other("/")


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    routes = (
        show_form,
        take_form,
        put_form,
        webhook,
        webhook_settings,
        boom,
        gone,
        outage,
        number,
        part,
        note,
    )
    async with serve(settings_for(database_url, redis_url), *routes) as running:
        async with running.database.transaction() as tx:
            await tx.execute(text("CREATE TABLE notes (word text)"))
        yield running
