"""Is the web process closed to strangers, route by route, and does it say nothing it should not?"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from litestar import Litestar, get

from nexus.accounts.guard import VISITORS
from nexus.app import create_app
from nexus.core.csrf import EXEMPT, SAFE_METHODS
from nexus.core.db import Database
from nexus.core.web import PUBLIC
from nexus.settings import Settings, SettingsError
from tests.route_classes import (
    FOR_VISITORS_TOO,
    NEEDS_A_PERSON,
    NEVER_CHECKED_FOR_FORGERY,
    OPEN_TO_ALL,
    STAFF_ONLY,
    address,
    routes,
)
from tests.website import (
    PASSWORD,
    SECRET,
    Browser,
    Website,
    make_passwords_quick,
    serve,
    settings_for,
)


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


def test_every_route_has_a_class(database_url: str, redis_url: str) -> None:
    app = create_app(settings_for(database_url, redis_url))
    found = {(method, path) for method, path, _ in routes(app)}
    assert found == OPEN_TO_ALL | NEEDS_A_PERSON | STAFF_ONLY.keys()
    assert {(m, p) for m, p, opt in routes(app) if opt.get(PUBLIC)} == OPEN_TO_ALL
    assert {(m, p) for m, p, opt in routes(app) if opt.get(VISITORS)} == FOR_VISITORS_TOO
    exempt = {(m, p) for m, p, opt in routes(app) if opt.get(EXEMPT)}
    assert exempt == NEVER_CHECKED_FOR_FORGERY


async def test_nobody_gets_past_the_door(website: Website) -> None:
    async with website.browser() as nobody:
        for method, path in sorted(NEEDS_A_PERSON - FOR_VISITORS_TOO):
            answer = await nobody.http.request(method, address(path))
            assert answer.status_code == 303, f"{method} {path}"
            assert answer.headers["location"].startswith("/sign-in"), f"{method} {path}"
            by_htmx = {"HX-Request": "true"}
            answer = await nobody.http.request(method, address(path), headers=by_htmx)
            assert answer.status_code == 401, f"{method} {path}"
        for path in ("/livez", "/readyz", "/sign-in", "/static/icons/nexus.svg"):
            assert (await nobody.get(path)).status_code == 200, path


async def test_a_route_that_says_nothing_is_closed(database_url: str, redis_url: str) -> None:
    @get("/new")
    async def forgotten() -> str:
        return "secret"

    async with (
        serve(settings_for(database_url, redis_url), forgotten) as website,
        website.browser() as nobody,
    ):
        assert (await nobody.get("/new")).status_code == 303


async def test_nothing_is_changed_without_the_sessions_token(website: Website) -> None:
    await website.add_person("ada@example.com")
    async with website.browser() as browser:
        await browser.sign_in("ada@example.com")
        for method, path in sorted((NEEDS_A_PERSON | OPEN_TO_ALL) - NEVER_CHECKED_FOR_FORGERY):
            if method not in SAFE_METHODS:
                answer = await browser.http.request(method, address(path))
                assert answer.status_code == 403, f"{method} {path}"


async def test_a_signed_in_person_sees_pages_that_nobody_keeps(website: Website) -> None:
    await website.add_person("ada@example.com", name="Ada L.")
    async with website.browser() as browser:
        await browser.sign_in("ada@example.com")
        home = await browser.get("/")
    assert home.status_code == 200
    assert "Ada L." in home.text
    assert home.headers["cache-control"] == "no-store"
    assert "Cookie" in home.headers["vary"]


@pytest.mark.parametrize("path", ["/schema", "/schema/openapi.json", "/schema/swagger", "/docs"])
async def test_no_list_of_routes_is_offered(website: Website, path: str) -> None:
    async with website.browser() as browser:
        assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml", "/static//etc/passwd"]
)
async def test_only_static_files_are_served(website: Website, path: str) -> None:
    host, port = website.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    # By hand, because a well-behaved client would tidy the path up first.
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.split(b" ")[1] in {b"404", b"400"}


def test_settings_that_are_not_safe_are_refused_all_at_once() -> None:
    settings = settings_for(
        "", "", session_secret="", environment="production", base_url="http://nexus.example"
    )
    with pytest.raises(SettingsError) as refused:
        create_app(settings)
    for name in ("SESSION_SECRET", "DATABASE_URL", "REDIS_URL", "BASE_URL"):
        assert name in str(refused.value)


def test_the_demo_login_is_for_development_only(database_url: str, redis_url: str) -> None:
    demo = {"demo_email": "demo@nexus.example", "demo_password": "a demo password"}

    def login(**changes: str) -> object:
        return create_app(settings_for(database_url, redis_url, **demo, **changes)).state.demo_login

    assert login(environment="development") == ("demo@nexus.example", "a demo password")
    assert login(environment="test") is None
    assert login(environment="production", base_url="https://nexus.example") is None


# ------------------------------------------------------------------------- the real process
def environment(settings: Settings, **changes: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "test",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SESSION_SECRET": SECRET,
        "LOG_LEVEL": "debug",
        "PORT": "0",
        **changes,
    }


@contextmanager
def web_process(log: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "nexus.cli", "web"],
            stdout=output,
            stderr=output,
            env=variables,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def port_of(log: Path, process: subprocess.Popen[bytes]) -> int:
    """Wait until the process says where it listens."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            found = re.search(r"port\D+(\d+)", line)
            if "web_listening" in line and found:
                return int(found[1])
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("log_format", ["console", "json"])
async def test_the_log_holds_no_secret(
    database_url: str, redis_url: str, tmp_path: Path, log_format: str
) -> None:
    log = tmp_path / "web.log"
    with_password = database_url.replace("://postgres@", "://postgres:canary-database@")
    assert with_password != database_url
    settings = settings_for(with_password, redis_url)
    canaries = {SECRET, "canary", PASSWORD}
    with web_process(log, environment(settings, LOG_FORMAT=log_format)) as process:
        url = f"http://127.0.0.1:{await asyncio.to_thread(port_of, log, process)}"
        async with httpx.AsyncClient(base_url=url, timeout=20) as http:
            browser = Browser(http)
            database = Database(database_url)
            website = Website(Litestar(), url)
            website.app.state.database = database
            await website.add_person("canary-owner@example.com")
            await browser.sign_in("canary-owner@example.com", "canary-wrong-password")
            await browser.sign_in("canary-owner@example.com")
            canaries |= {browser.cookie("session"), browser.cookie("visitor")}
            assert all(len(canary) > 5 for canary in canaries)
            await browser.get("/nope?key=canary-query", headers={"X-Api-Key": "canary-header"})
            await browser.send("/sign-out", "canary-token", password="canary-form")
            # Now every statement fails, with its values at hand.
            async with database.engine.begin() as connection:
                await connection.exec_driver_sql("ALTER TABLE sessions RENAME TO gone")
            assert (await browser.get("/")).status_code == 500
            http.cookies.delete("nexus-session")
            assert (await browser.sign_in("canary-owner@example.com")).status_code == 500
            await database.close()
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, 10)
    written = log.read_text()
    assert "request_failed" in written
    assert "Traceback" in written
    for canary in canaries:
        assert canary not in written
    if log_format == "json":
        assert all(isinstance(json.loads(line), dict) for line in written.splitlines())


def test_a_port_that_is_taken_is_one_sentence(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "web.log"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        variables = environment(settings_for(database_url, redis_url), PORT=port)
        with web_process(log, variables) as process:
            assert process.wait(30) == 1
    assert f"Cannot listen on 127.0.0.1 port {port}" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_it_stops_when_told(database_url: str, redis_url: str, tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    variables = environment(settings_for(database_url, redis_url))
    with web_process(log, variables) as process:
        port_of(log, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert "Traceback" not in log.read_text()


async def test_head_is_answered_wherever_get_is(website: Website) -> None:
    async with website.browser() as visitor:
        for path in ("/sign-in", "/", "/readyz", "/nowhere"):
            asked, headed = await visitor.get(path), await visitor.http.head(path)
            assert (headed.status_code, headed.content) == (asked.status_code, b"")
            assert headed.headers.get("content-type") == asked.headers.get("content-type")
        assert (await visitor.http.head("/sign-out")).status_code != 200
