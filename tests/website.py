"""How do tests visit the pages? Over real HTTP, with a browser's cookies and forms."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from structlog.testing import capture_logs

from nexus.accounts import passwords
from nexus.accounts.consent import accept, today
from nexus.accounts.register import create_user
from nexus.app import Server, create_app
from nexus.core.db import Database
from nexus.settings import Settings

SECRET = "a-secret-of-at-least-32-characters"
PASSWORD = "correct horse battery"

TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')


@dataclass
class Browser:
    """A visitor with cookies of their own, who fills in the forms of our pages."""

    http: httpx.AsyncClient

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def token(self, path: str = "/sign-in") -> str:
        """Read the token out of a page's form."""
        found = TOKEN.search((await self.get(path)).text)
        assert found, f"{path} has no form"
        return found[1]

    async def send(self, path: str, token: str = "", /, **fields: str) -> httpx.Response:
        """Send a form with the token given, or without one."""
        form = {**fields, "csrf_token": token} if token else fields
        return await self.http.post(path, data=form)

    async def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Open the sign-in page and send its form."""
        token = await self.token()
        return await self.send("/sign-in", token, email=email, password=password, **fields)

    def cookie(self, name: str) -> str:
        """Read a cookie as the browser keeps it; empty when there is none."""
        return self.http.cookies.get(f"nexus-{name}") or ""


@dataclass
class Website:
    """The web process, running."""

    app: Litestar
    url: str

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    @asynccontextmanager
    async def browser(self, **headers: str) -> AsyncIterator[Browser]:
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20) as http:
            yield Browser(http)

    @asynccontextmanager
    async def without_database(self) -> AsyncIterator[None]:
        """Take the database away."""
        working = self.database
        nowhere = working.engine.url.set(query={"host": "/nowhere"})
        self.app.state.database = Database(nowhere.render_as_string(hide_password=False))
        yield
        await self.database.close()
        self.app.state.database = working

    async def add_person(self, email: str, password: str = PASSWORD, name: str = "") -> int:
        async with self.database.transaction() as tx:
            user_id = await create_user(tx, email, password, name)
            await accept(tx, user_id, today(), network="")
        return user_id


def make_passwords_quick(patch: pytest.MonkeyPatch) -> None:
    """Keep Argon2 but not its cost, which is the point everywhere but in a test."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr(passwords, "HASHER", hasher)
    patch.setattr(passwords, "DUMMY_HASH", hasher.hash("nobody's password"))


def settings_for(database_url: str, redis_url: str, **changes: Any) -> Settings:
    """Give settings that do not depend on the machine's environment where it matters here."""
    values = {
        "environment": "test",
        "base_url": "http://127.0.0.1:8000",
        "assets": "auto",
        "session_secret": SECRET,
        "database_url": database_url,
        "redis_url": redis_url,
        **changes,
    }
    return Settings(**values)


@asynccontextmanager
async def serve(
    settings: Settings,
    *routes: HTTPRouteHandler,
    change: Callable[[Litestar], None] | None = None,
) -> AsyncIterator[Website]:
    """Run the web process on a free port, with routes that only a test has."""
    app = create_app(settings)
    for route in routes:
        app.register(route)
    if change:
        change(app)
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Server(app)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    await server.ready.wait()
    try:
        # Unconfigured, structlog would draw each traceback with all its variables, for seconds.
        with capture_logs():
            yield Website(app, f"http://127.0.0.1:{listening.getsockname()[1]}")
    finally:
        server.should_exit = True
        await serving


class _Server(Server):
    """Uvicorn that says when it listens, and leaves the signals to pytest."""

    def __init__(self, app: Litestar) -> None:
        super().__init__(app)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets)
        finally:
            self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
