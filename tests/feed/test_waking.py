"""Is the page right again within five seconds: cut off, after a restart, after a long sleep?

In a real browser, through a door that cuts its connections. No line is missing or there twice.
"""

import os
import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, async_playwright, expect

from nexus.core.clock import now
from nexus.core.redis import Channel
from nexus.feed.publish import CHANNEL
from nexus.feed.write import first_id_at
from prove.proxy import Proxy
from tests.feed.customers import Customer, add_lines, customers, facts_of
from tests.feed.watching import heard, until
from tests.website import Website, serve, settings_for

LIVE = "live"
WITHIN_MS = 5_000
NOW_MS = 1_800_000_000_000
LINES = "Array.from(document.querySelectorAll('#feed-list > [id]'), each => each.id)"
# No tool lets a phone sleep: the page is told what a sleeping phone's browser tells it.
SLEEP = """hidden => {
    Object.defineProperty(document, 'hidden', {configurable: true, value: hidden});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
async def door(website: Website) -> AsyncIterator[Proxy]:
    parts = urlsplit(website.url)
    door = Proxy((str(parts.hostname), int(parts.port or 0)))
    await door.start()
    yield door
    await door.stop()


@pytest.fixture
async def alice(website: Website) -> AsyncIterator[Customer]:
    async with customers(website, "alice") as [alice]:
        yield alice


@pytest.fixture
async def page(door: Proxy, alice: Customer) -> AsyncIterator[Page]:
    """Lend Alice's page, alive, behind the door."""
    path = os.environ.get("NEXUS_BROWSER") or shutil.which("chromium")
    if not path:
        pytest.skip("no browser: set NEXUS_BROWSER to a Chromium")
    url = f"http://127.0.0.1:{door.port}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = await browser.new_context(base_url=url, service_workers="block")
        await context.add_cookies(
            [{"name": "nexus-session", "value": alice.browser.cookie("session"), "url": url}]
        )
        page = await context.new_page()
        await page.goto("/")
        await expect(page.locator("#connection")).to_have_attribute("data-state", LIVE)
        yield page
        await browser.close()


async def tell(website: Website, alice: Customer, numbers: range) -> None:
    """Write lines and publish them, as a worker does; whoever is away misses the latter."""
    ids = [first_id_at(NOW_MS) + number for number in numbers]
    await add_lines(website, alice.id, ids)
    channel = Channel(website.app.state.redis, CHANNEL)
    await heard(channel)
    items = [
        {
            "id": number, "user_id": alice.id, "at": now().isoformat(),
            "facts": facts_of(number, alice.id),
        }
        for number in ids
    ]  # fmt: skip
    await channel.publish({"kind": "items", "items": items})


async def shows(page: Page, end: int, first: int = 0) -> None:
    """Wait until the feed has the lines from `first` on, each once, the newest on top."""
    wanted = [f"feed-{first_id_at(NOW_MS) + number}" for number in reversed(range(first, end))]
    same = f"wanted => JSON.stringify({LINES}) === JSON.stringify(wanted)"
    await page.wait_for_function(same, arg=wanted, timeout=WITHIN_MS)
    await expect(page.locator("#connection")).to_have_attribute("data-state", LIVE)


async def test_a_cut_line_is_picked_up(
    website: Website, door: Proxy, page: Page, alice: Customer
) -> None:
    await tell(website, alice, range(3))
    await shows(page, 3)
    door.is_open = False
    assert await door.cut()
    await until(lambda: door.turned_away >= 2)
    await tell(website, alice, range(3, 8))
    assert await page.evaluate(f"{LINES}.length") == 3
    door.is_open = True
    await shows(page, 8)


@pytest.fixture
async def other(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    """Lend the process that comes after: it has no seat for anybody."""
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


async def test_a_server_that_comes_back_is_found(
    website: Website, other: Website, door: Proxy, page: Page, alice: Customer
) -> None:
    await tell(website, alice, range(2))
    await shows(page, 2)
    door.is_open = False
    assert await door.cut()
    await until(lambda: door.turned_away >= 2)
    parts = urlsplit(other.url)
    door.target = (str(parts.hostname), int(parts.port or 0))
    await add_lines(website, alice.id, [first_id_at(NOW_MS) + 2])
    door.is_open = True
    await shows(page, 3)
    await tell(other, alice, range(3, 4))
    await shows(page, 4)


async def test_a_phone_that_slept_is_right_again(
    website: Website, page: Page, alice: Customer
) -> None:
    await tell(website, alice, range(2))
    await shows(page, 2)
    seats = website.app.state.audience.seats
    await page.evaluate(SLEEP, arg=True)
    await until(lambda: not seats.get(alice.id))
    await tell(website, alice, range(2, 60))
    await page.evaluate(SLEEP, arg=False)
    await shows(page, 60, first=10)
