"""How does the live page feel on a slow phone, and after half an hour?

A real browser shows the home page of the whole product (`nexus up`, its embedded default). First as
a slow phone: the network and the processor are throttled as is usual for "Slow 4G" tests. Then for
half an hour with twenty lines of the feed a second on top of the demo's own news. `DURATION`
(seconds) changes the length.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright
from sqlalchemy import select

from e2e.product import Product, running_product
from nexus.accounts.models import User
from nexus.core.clock import now, to_ms
from nexus.core.db import Database
from nexus.core.redis import Channel, open_redis
from nexus.feed.publish import CHANNEL
from nexus.feed.write import first_id_at
from nexus.local.beside import environment_beside
from nexus.local.valkey import start_redis

SECONDS = 1_800
LINES_A_SECOND = 20
WARM_SECONDS = 30
PHONE = {"width": 390, "height": 844}
SLOW_4G = {
    "offline": False, "latency": 150,
    "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8,
}  # fmt: skip
SLOWER_PROCESSOR = 4
LOADS = 5
LONG_TASK_MS = 50

WATCH = """
window.seen = {paint: 0, shift: 0, slowest: 0, long: []};
new PerformanceObserver(list => list.getEntries().forEach(each => {
    if (each.name === 'first-contentful-paint') seen.paint = each.startTime;
})).observe({type: 'paint', buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(each => {
    if (!each.hadRecentInput) seen.shift += each.value;
})).observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(each => {
    if (each.interactionId) seen.slowest = Math.max(seen.slowest, each.duration);
})).observe({type: 'event', buffered: true, durationThreshold: 16});
new PerformanceObserver(list => list.getEntries().forEach(each => seen.long.push(each.duration)))
    .observe({type: 'longtask', buffered: true});
"""


@dataclass(frozen=True)
class Weight:
    """What a page holds."""

    heap: float
    """Bytes that are still needed, after the garbage is gone."""
    nodes: int
    lines: int


async def measure(
    seconds: int | None = None, loads: int = LOADS, warm_seconds: int = WARM_SECONDS
) -> str:
    """Show the page slowly, then for long; gives a line for each. Needs Chromium."""
    seconds = seconds or int(os.environ.get("DURATION") or SECONDS)
    with running_product() as product:
        async with _browser() as browser:
            slow = await _slow(browser, product, loads)
            return f"phone\n{slow}\n{await _long(browser, product, seconds, warm_seconds)}"


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    path = os.environ.get("NEXUS_BROWSER") or shutil.which("chromium")
    if not path:
        raise SystemExit("No browser: set NEXUS_BROWSER to a Chromium.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--enable-precise-memory-info"]
        )
        yield browser
        await browser.close()


async def _signed_in(browser: Browser, product: Product) -> BrowserContext:
    context = await browser.new_context(
        base_url=product.url,
        viewport=PHONE,  # type: ignore[arg-type]
        service_workers="block",
    )
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.get_by_label("E-mail").fill(product.email)
    await page.get_by_label("Password", exact=True).fill(product.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url("**/")
    await page.close()
    return context


# ------------------------------------------------------------------------------------- a slow phone
async def _slow(browser: Browser, product: Product, loads: int) -> str:
    context = await _signed_in(browser, product)
    found = [await _load(context, fresh=True) for _ in range(loads)]
    await context.close()
    paint, shift, slowest = (sorted(values) for values in zip(*found, strict=True))
    middle = loads // 2
    return (
        f"  slow phone, {loads} loads with an empty cache: first content {paint[middle]:.0f} ms "
        f"(slowest {paint[-1]:.0f}), shift {shift[middle]:.3f} (most {shift[-1]:.3f}), slowest "
        f"interaction {slowest[middle]:.0f} ms (slowest {slowest[-1]:.0f})"
    )


async def _load(context: BrowserContext, *, fresh: bool) -> tuple[float, float, float]:
    """Open the home page, let it live for some looks at the market, and use it."""
    page = await context.new_page()
    tools = await context.new_cdp_session(page)
    await tools.send("Network.enable")
    await tools.send("Network.setCacheDisabled", {"cacheDisabled": fresh})
    await tools.send("Network.emulateNetworkConditions", SLOW_4G)
    await tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_PROCESSOR})
    await page.add_init_script(WATCH)
    await page.goto("/", wait_until="load")
    await page.wait_for_selector("#connection[data-state=live]")
    await page.wait_for_timeout(12_000)  # What is measured is what happens in that time.
    menu = page.locator("summary, button[aria-haspopup], .menu button").first
    if await menu.count():
        await menu.click()
        await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    await page.wait_for_timeout(1_000)
    seen: dict[str, Any] = await page.evaluate("seen")
    await page.close()
    return seen["paint"], seen["shift"], seen["slowest"]


# ---------------------------------------------------------------------------------- half an hour
async def _long(browser: Browser, product: Product, seconds: int, warm_seconds: int) -> str:
    context = await _signed_in(browser, product)
    page = await context.new_page()
    await page.add_init_script(WATCH)
    await page.goto("/")
    await page.wait_for_selector("#connection[data-state=live]")
    tools = await context.new_cdp_session(page)
    telling = asyncio.create_task(_tell(product))
    try:
        await asyncio.sleep(warm_seconds)
        await page.evaluate("seen.long.length = 0")
        before, most = await _weigh(tools, page), 0.0
        for _ in range(10):
            await asyncio.sleep(seconds / 10)
            after = await _weigh(tools, page)
            most = max(most, after.heap)
        long: list[float] = await page.evaluate("seen.long")
        state = await page.get_attribute("#connection", "data-state")
    finally:
        told = await _stop(telling)
        await context.close()
    slow = [each for each in long if each > LONG_TASK_MS]
    return (
        f"  {seconds} s alive, {told} lines told: heap {before.heap / 1e6:.2f} MB before, "
        f"{after.heap / 1e6:.2f} after (most {most / 1e6:.2f}), elements {before.nodes} and "
        f"{after.nodes}, lines on the page {after.lines}; tasks over {LONG_TASK_MS} ms: "
        f"{len(slow)} (longest {max(slow, default=0):.0f} ms); the page says it is {state}"
    )


async def _weigh(tools: CDPSession, page: Page) -> Weight:
    await tools.send("HeapProfiler.collectGarbage")
    heap, nodes, lines = await page.evaluate(
        "[performance.memory.usedJSHeapSize, document.querySelectorAll('*').length, "
        "document.querySelectorAll('#feed-list > [id]').length]"
    )
    return Weight(heap, nodes, lines)


async def _tell(product: Product) -> int:
    """Publish lines for the demo person, as workers do, until cancelled; gives how many."""
    found = environment_beside({}, product.home)
    database = Database(found["DATABASE_URL"])
    redis, told = open_redis(start_redis(product.home)), 0
    async with database.transaction() as tx:
        user_id = await tx.scalar(select(User.id).where(User.email == product.email))
    await database.close()
    channel, loop = Channel(redis, CHANNEL), asyncio.get_running_loop()
    began = loop.time()
    try:
        while True:
            await channel.publish({"kind": "items", "items": [_line(int(user_id or 0), told)]})
            told += 1
            await asyncio.sleep(max(0.0, began + told / LINES_A_SECOND - loop.time()))
    except asyncio.CancelledError:
        return told
    finally:
        await redis.aclose()


def _line(user_id: int, number: int) -> dict[str, Any]:
    return {
        "id": first_id_at(to_ms(now())) + number % 1_000_000,
        "user_id": user_id,
        "at": now().isoformat(),
        "facts": {
            "kind": "bought", "symbol": "BTC/USDT", "title": f"Bought BTC/USDT, line {number}",
            "detail": "0.001 at 60,000 USDT.", "amount": "60", "currency": "USDT",
        },
    }  # fmt: skip


async def _stop(telling: "asyncio.Task[int]") -> int:
    telling.cancel()
    return await telling
