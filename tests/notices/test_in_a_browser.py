"""Does a real browser ask, take a message and show it, and open what it is about?"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator

import orjson
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from sqlalchemy import select

from nexus.core.assets import STATIC
from nexus.notices.models import PushDevice
from tests.notices.phones import Phone, push_settings
from tests.website import PASSWORD, Website, serve, settings_for

PAGE = "/settings/notifications"
ALICE = "alice@example.com"
PHONE = Phone("https://fcm.googleapis.com/fcm/send/abc")
NOTICE = {"title": "Bought BTC/USDT", "body": "0.5 at 100", "tag": "trade", "url": "/"}
# Only the vendor's own service can subscribe a browser; it alone is stood in for.
SUBSCRIBE = """PushManager.prototype.subscribe = async (asked) => {
    window.asked = asked;
    return { toJSON: () => (%s) };
};"""
SHOWN = """navigator.serviceWorker.ready.then(worker => worker.getNotifications())
.then(all => all.map(each => ({title: each.title, body: each.body, icon: each.icon})))"""

SHOWN_SOON = f"""new Promise(done => {{
    const look = () => {SHOWN}.then(all => all.length ? done(all) : requestAnimationFrame(look));
    look();
}})"""
"""The page itself asks again with each frame, until there is one."""


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    push = push_settings()
    settings = settings_for(
        database_url, redis_url,
        vapid_private_key=push.vapid_private_key, push_contact=push.push_contact,
    )  # fmt: skip
    async with serve(settings) as running:
        yield running


@pytest.fixture
async def context(website: Website) -> AsyncIterator[BrowserContext]:
    path = os.environ.get("NEXUS_BROWSER") or shutil.which("chromium")
    if not path:
        pytest.skip("no browser: set NEXUS_BROWSER to a Chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = await browser.new_context(base_url=website.url)
        yield context
        await browser.close()


@pytest.fixture
async def page(website: Website, context: BrowserContext) -> Page:
    """Lend a page on which Alice sees what she is told."""
    await website.add_person(ALICE)
    page = await context.new_page()
    told = {
        "endpoint": PHONE.endpoint,
        "keys": {"p256dh": PHONE.public_key, "auth": PHONE.auth},
    }
    await page.add_init_script(SUBSCRIBE % orjson.dumps(told).decode())
    await page.goto("/sign-in")
    await page.fill("#email", ALICE)
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]:has-text('Sign in')")
    await page.wait_for_url("**/")
    await page.goto(PAGE)
    return page


async def test_a_browser_that_may_be_told_is_remembered(
    website: Website, context: BrowserContext, page: Page
) -> None:
    await context.grant_permissions(["notifications"], origin=website.url)
    await page.get_by_role("button", name="Tell this browser").click()
    await expect(page.get_by_text("this browser", exact=False).first).to_be_visible()
    await expect(page.locator(".session")).to_have_count(1)
    async with website.database.transaction() as tx:
        device = (await tx.scalars(select(PushDevice))).one()
    assert (device.endpoint, device.public_key, device.auth) == (
        PHONE.endpoint, PHONE.public_key, PHONE.auth,
    )  # fmt: skip


async def test_a_browser_that_may_not_says_what_to_do(website: Website, page: Page) -> None:
    await page.get_by_role("button", name="Tell this browser").click()
    await expect(page.get_by_role("alert")).to_contain_text("Allow them in its settings")
    async with website.database.transaction() as tx:
        assert (await tx.scalars(select(PushDevice))).all() == []


async def test_a_message_is_shown(website: Website, context: BrowserContext, page: Page) -> None:
    await context.grant_permissions(["notifications"], origin=website.url)
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tools = await context.new_cdp_session(page)
    registered = asyncio.get_running_loop().create_future()

    def note(event: dict[str, list[dict[str, str]]]) -> None:
        if event["registrations"] and not registered.done():
            registered.set_result(event["registrations"][0]["registrationId"])

    tools.on("ServiceWorker.workerRegistrationUpdated", note)
    await tools.send("ServiceWorker.enable")
    message = {
        "origin": website.url,
        "registrationId": await asyncio.wait_for(registered, 20),
        "data": orjson.dumps(NOTICE).decode(),
    }
    await tools.send("ServiceWorker.deliverPushMessage", message)
    [shown] = await page.evaluate(SHOWN_SOON)
    assert (shown["title"], shown["body"]) == (NOTICE["title"], NOTICE["body"])
    assert (STATIC / shown["icon"].split("/static/")[1]).is_file()
