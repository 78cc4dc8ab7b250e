"""What may a journey ask for? The running product, and a phone that somebody holds."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from e2e.product import Product, running_product

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FAILED: pytest.StashKey[bool] = pytest.StashKey()

Phone = Callable[..., Awaitable[Page]]
"""Gives a page of a new phone: `await phone(signed_in=True, width=390, javascript=True)`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every journey in one loop, because they share a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether the journey itself failed, for the screenshot."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


def find_browser() -> str | None:
    """Find a browser as bin/test does: one that can say its version."""
    for candidate in (os.environ.get("NEXUS_BROWSER", ""), *CANDIDATES):
        path = shutil.which(candidate)
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).stdout:
            return path
    return None


@pytest.fixture(scope="session")
def browser_path() -> str:
    path = find_browser()
    if path:
        return path
    sentence = "No browser was found. Install chromium, or name one with NEXUS_BROWSER."
    if os.environ.get("CI") == "true":
        raise RuntimeError(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def product(browser_path: str) -> Iterator[Product]:
    """Start the product once; afterwards it must stop in order and leave no process."""
    del browser_path
    with running_product() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium(browser_path: str) -> AsyncIterator[Browser]:
    # Chromium's sandbox refuses to run as root, which containers often are.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=arguments)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def demo_cookies(chromium: Browser, product: Product) -> Any:
    """Sign in as the demo's person once; each phone that is signed in has these cookies."""
    context = await chromium.new_context(base_url=product.url)
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.fill("#email", product.email)
    await page.fill("#password", product.password)
    await page.click("form#form button")
    await page.wait_for_url(product.url + "/")
    cookies = await context.storage_state()
    await context.close()
    return cookies


@pytest_asyncio.fixture(loop_scope="session")
async def phone(
    chromium: Browser, product: Product, demo_cookies: Any, request: pytest.FixtureRequest
) -> AsyncIterator[Phone]:
    """Lend phones; whatever their browsers complained about fails the journey."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    async def lend(*, signed_in: bool = True, width: int = 390, javascript: bool = True) -> Page:
        context = await chromium.new_context(
            base_url=product.url,
            viewport={"width": width, "height": 844},
            has_touch=True,
            java_script_enabled=javascript,
            storage_state=demo_cookies if signed_in else None,
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("console", lambda message: complaints.extend(complaint_of(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield lend
    if request.node.stash.get(FAILED, False):
        await keep_pictures(contexts, request.node.name)
    for context in contexts:
        await context.close()
    assert complaints == []


def complaint_of(message: ConsoleMessage) -> list[str]:
    """Give what the console holds against us: scripts that failed, breaches of the CSP.

    A refusal that a journey asked for, a 404 or 422, is a line there too and no complaint.
    """
    refusal = "the server responded with a status of 4"
    if message.type not in ("error", "warning") or refusal in message.text:
        return []
    return [f"{message.type}: {message.text} ({message.location.get('url')})"]


async def keep_pictures(contexts: list[BrowserContext], name: str) -> None:
    """Keep what the phones showed when the journey failed."""
    folder = Path(tempfile.mkdtemp(prefix="nexus-journey-"))
    for context in contexts:
        for number, page in enumerate(context.pages):
            path = folder / f"{name}-{number}.png"
            await page.screenshot(path=path, full_page=True)
            print(f"What the phone showed: {path}")  # noqa: T201  for whoever reads the failure
