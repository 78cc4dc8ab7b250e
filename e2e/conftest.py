"""What does a journey start from? The real product, a phone, and somebody who signs in."""

import os
import re
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from e2e.product import Product, running_product

PHONE = {"width": 390, "height": 844}
FAILED: pytest.StashKey[bool] = pytest.StashKey()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the journeys last: while their browser is open, no other test can run a loop."""
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether the journey itself failed: then its phone's picture is kept."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Lend the browser that bin/test found; without one the journeys are skipped."""
    path = os.environ.get("NEXUS_BROWSER")
    if not path:
        if os.environ.get("CI") == "true":
            pytest.fail("under CI=true the browser tests must run: set NEXUS_BROWSER")
        pytest.skip("no browser: run bin/test, or set NEXUS_BROWSER=/path/to/chromium")
    with sync_playwright() as playwright:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        launched = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if root else []
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def product(browser: Browser) -> Iterator[Product]:
    """Start the product once for all journeys; without a browser it need not be started."""
    del browser
    with running_product() as running:
        yield running


@pytest.fixture
def complaints() -> list[str]:
    """Collect what the browser complains about: errors, and breaches of the content policy."""
    return []


@pytest.fixture
def phone(
    browser: Browser, product: Product, complaints: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Lend a phone that shows the product; whatever its console complains of fails the test."""
    yield from _page(browser, product, complaints, request, java_script_enabled=True)


@pytest.fixture
def plain_phone(
    browser: Browser, product: Product, complaints: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Lend a phone without JavaScript."""
    yield from _page(browser, product, complaints, request, java_script_enabled=False)


def _page(
    browser: Browser,
    product: Product,
    complaints: list[str],
    request: pytest.FixtureRequest,
    *,
    java_script_enabled: bool,
) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        base_url=product.url,
        has_touch=True,
        java_script_enabled=java_script_enabled,
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    if request.node.stash.get(FAILED, False):
        _keep_picture(page, request.node.name)
    context.close()
    assert complaints == []


def _is_complaint(said: ConsoleMessage) -> bool:
    """Leave out refusals that a journey asked for: what is not there, and a form's mistakes."""
    return said.type == "error" and not re.search(r"status of (401|404|422)\b", said.text)


def _keep_picture(page: Page, name: str) -> None:
    """Keep what the phone showed when its journey failed, and say where."""
    path = Path(tempfile.mkdtemp(prefix="nexus-journey-")) / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    print(f"What the phone showed: {path}")  # noqa: T201  for whoever reads the failure


def sign_in(page: Page, product: Product) -> None:
    """Sign in with the demo login, as a newcomer does."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(product.email)
    page.get_by_label("Password", exact=True).fill(product.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")


@pytest.fixture
def trader(phone: Page, product: Product) -> Page:
    """Lend a phone on which the demo person is signed in."""
    sign_in(phone, product)
    return phone
