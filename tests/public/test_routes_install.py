"""Can Nexus be installed, and does the device keep nothing of anybody? In a real browser."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from nexus.core.assets import STATIC
from nexus.public.routes_install import OFFLINE, manifest, service_worker
from tests.website import PASSWORD, Website, make_passwords_quick

LIGHT = 60_000
"""Bytes of style and script that the first page may bring over the wire."""
KEPT = "caches.keys().then(names => Promise.all(names.map(name => caches.open(name)\
.then(cache => cache.keys())))).then(all => all.flat().map(each => new URL(each.url).pathname))"
WEIGHT = "performance.getEntriesByType('resource').filter(each => /\\.(css|js)/.test(each.name))\
.reduce((sum, each) => sum + each.transferSize, 0)"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = os.environ.get("NEXUS_BROWSER") or shutil.which("chromium")
    if not path:
        pytest.skip("no browser: set NEXUS_BROWSER to a Chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def test_the_manifest_names_icons_that_are_there(website: Website) -> None:
    async with website.browser() as visitor:
        answer = await visitor.get("/manifest.webmanifest")
        assert answer.headers["content-type"].startswith("application/manifest+json")
        icons = answer.json()["icons"]
        for icon in icons:
            file = await visitor.get(icon["src"])
            assert file.headers["content-type"].startswith(icon["type"])
            assert file.headers["cache-control"].endswith("immutable")
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}


def test_png_icons_are_as_large_as_they_say(website: Website) -> None:
    for icon in manifest(website.app.state.site.assets)["icons"]:
        if icon["type"] == "image/png":
            head = (STATIC / icon["src"].removeprefix("/static/").partition("?")[0]).read_bytes()
            width, height = (int.from_bytes(head[at : at + 4]) for at in (16, 20))
            assert f"{width}x{height}" == icon["sizes"]


def test_the_service_worker_keeps_the_offline_page_and_files_only(website: Website) -> None:
    script = service_worker(website.app.state.site.assets)
    kept = script.splitlines()[1].removeprefix('const KEPT = ["').removesuffix('"];').split('","')
    assert kept[0] == OFFLINE
    assert all(path.startswith("/static/") for path in kept[1:])
    assert ".put(" not in script


async def test_without_a_network_the_device_says_so_and_has_kept_nothing_of_anybody(
    website: Website, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_passwords_quick(monkeypatch)
    await website.add_person("alice@example.com")
    context = await browser.new_context(base_url=website.url)
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kept = await page.evaluate(KEPT)
    assert OFFLINE in kept
    await page.fill("#email", "alice@example.com")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]:has-text('Sign in')")
    await page.wait_for_url("**/")
    assert "alice@example.com" in await page.content()
    await context.set_offline(True)
    await page.goto("/settings")
    assert await page.text_content("h1") == "No connection"
    assert "alice" not in await page.content()
    # The page has its style, so it came from the device whole.
    assert await page.evaluate("getComputedStyle(document.querySelector('.button')).minHeight") == (
        "44px"
    )
    assert await page.evaluate(KEPT) == kept
    await context.close()


@pytest.mark.parametrize("signed_in", [False, True])
async def test_the_first_page_is_light_over_the_wire(
    website: Website, browser: Browser, monkeypatch: pytest.MonkeyPatch, *, signed_in: bool
) -> None:
    make_passwords_quick(monkeypatch)
    await website.add_person("alice@example.com")
    context = await browser.new_context(base_url=website.url, service_workers="block")
    async with website.browser() as alice:
        if signed_in:
            await alice.sign_in("alice@example.com")
            token = alice.cookie("session")
            await context.add_cookies(
                [{"name": "nexus-session", "value": token, "url": website.url}]
            )
    page = await context.new_page()
    await page.goto("/", wait_until="load")
    weight = await page.evaluate(WEIGHT)
    assert 1_000 < weight < LIGHT
    await context.close()
