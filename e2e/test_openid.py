"""Can somebody with a phone sign in with Google, and come back as themselves?

Something that answers like Google stands in for it, on another site than ours: browsers treat the
way there and back as they do in the world.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.product import Product
from tests.databases import postgres_server, redis_server
from tests.standins.node import free_port, google

ADA = {"email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace"}
EVE = {"email": "eve@example.com", "email_verified": False, "name": "Eve"}
HOME = re.compile(r"//127\.0\.0\.1:\d+/$")
READY_SECONDS = 30


@pytest.fixture(scope="module")
def product(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Run the pages with Google's button; the rest of the product has no part in this."""
    del browser
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("openid") / "web.log"
    with (
        postgres_server() as server,
        redis_server() as redis_url,
        google(f"{url}/openid/google/callback", [ADA, EVE], host="localhost") as issuer,
    ):
        server.create("nexus_openid")
        variables = {
            "ENVIRONMENT": "test",
            "DATABASE_URL": server.url("nexus_openid").replace("+psycopg", ""),
            "REDIS_URL": f"{redis_url}/0",
            "SESSION_SECRET": "a-secret-of-at-least-32-characters",
            "BASE_URL": url,
            "PORT": str(port),
            "GOOGLE_ISSUER": issuer.address,
            "GOOGLE_CLIENT_ID": issuer.client_id,
            "GOOGLE_CLIENT_SECRET": issuer.client_secret,
        }
        nexus = [sys.executable, "-m", "nexus.cli"]
        subprocess.run([*nexus, "migrate"], env=variables, check=True, capture_output=True)  # noqa: S603
        with _web([*nexus, "web"], variables, log):
            _wait(url, log)
            yield Product(url, "", "", log.parent)
    assert "Traceback" not in log.read_text(), log.read_text()


@contextmanager
def _web(command: list[str], variables: dict[str, str], log: Path) -> Iterator[None]:
    with (
        log.open("w") as output,
        subprocess.Popen(command, env=variables, stdout=output, stderr=output) as process,  # noqa: S603
    ):
        try:
            yield
        finally:
            process.terminate()


def _wait(url: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            httpx.get(f"{url}/livez").raise_for_status()
        except httpx.HTTPError:
            assert time.monotonic() < until, f"the pages do not answer: {log.read_text()}"
            time.sleep(0.2)  # Polling a port with a deadline, not guessing a duration.
        else:
            return


def go_to_google(page: Page, start: str = "/sign-in") -> None:
    page.goto(start)
    page.get_by_role("button", name="Continue with Google").tap()
    page.wait_for_url("http://localhost:*/o/oauth2/v2/auth?*")


def test_google_signs_in_somebody_new_and_knows_them_again(phone: Page) -> None:
    go_to_google(phone, "/sign-up")
    phone.get_by_role("button", name="ada@example.com").tap()
    phone.wait_for_url("**/consent?*")
    for box in phone.get_by_role("checkbox").all():
        box.check()
    phone.get_by_role("button", name="Accept and go on").tap()
    phone.wait_for_url(HOME)
    phone.goto("/settings/security")
    elsewhere = phone.get_by_role("region", name="Accounts elsewhere")
    expect(elsewhere).to_contain_text(re.compile(r"Google.*ada@example\.com", re.DOTALL))
    phone.context.clear_cookies()
    go_to_google(phone)
    phone.get_by_role("button", name="ada@example.com").tap()
    phone.wait_for_url(HOME)


def test_without_scripts_it_is_the_same(plain_phone: Page) -> None:
    go_to_google(plain_phone)
    plain_phone.get_by_role("button", name="ada@example.com").tap()
    plain_phone.wait_for_url(re.compile(r"//127\.0\.0\.1:\d+/(consent\?.*)?$"))


def test_an_address_google_has_not_verified_is_a_sentence(phone: Page) -> None:
    go_to_google(phone)
    phone.get_by_role("button", name="eve@example.com").tap()
    expect(phone.get_by_role("alert")).to_contain_text("Google has not verified your e-mail")
    phone.get_by_role("link", name="Go to sign in").tap()
    phone.wait_for_url("**/sign-in")
