"""Does every page fit on a phone, and does the chart draw under our own rules?"""

import pytest
from playwright.async_api import Page, expect

from e2e.conftest import Phone

PATHS = ("/", "/bots/new", "/bots/4/close", "/market/BTC-USDT", "/nowhere")
FINGER = 44
"""Pixels a thumb needs."""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def small_targets(page: Page) -> list[str]:
    """Name the buttons and the links in the frame that a thumb would miss."""
    found = []
    for element in await page.locator("button, a.button, nav a, summary, select").all():
        box = await element.bounding_box()
        if box and box["width"] > 1 and box["height"] < FINGER:
            found.append(f"{(await element.inner_text()).strip()}: {box['height']}")
    return found


@pytest.mark.parametrize("width", [390, 320])
async def test_no_page_is_wider_than_the_phone(phone: Phone, width: int) -> None:
    page = await phone(width=width)
    for path in PATHS:
        await page.goto(path)
        if path == "/market/BTC-USDT":
            await expect(page.locator("#chart")).to_have_attribute("data-state", "drawn")
        assert await page.evaluate(WIDER) == 0, path
        assert await small_targets(page) == [], path
    visitor = await phone(width=width, signed_in=False)
    await visitor.goto("/sign-in")
    assert await visitor.evaluate(WIDER) == 0


async def test_a_symbols_page_draws_its_chart(phone: Phone) -> None:
    page = await phone()
    await page.goto("/")
    await page.locator("#market-BTC-USDT a").tap()
    await expect(page.get_by_role("heading", name="BTC/USDT")).to_be_visible()
    await expect(page.locator("#chart")).to_have_attribute("data-state", "drawn")
    box = await page.locator("#chart canvas").first.bounding_box()
    assert box
    assert box["width"] > 200
    assert box["height"] > 150
    await expect(page.locator("#chart-summary")).to_contain_text("candles, between")
    await expect(page.locator("#candle-rows tr")).to_have_count(10)
    await page.get_by_role("link", name="Market").first.tap()
    await page.wait_for_url("**/#markets")


async def test_what_is_not_there_says_so_and_leads_home(phone: Phone) -> None:
    page = await phone()
    for path in ("/nowhere", "/bots/999999/close", "/market/DOGE-USDT"):
        answer = await page.goto(path)
        assert answer
        assert answer.status == 404
        await expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    await page.get_by_role("link", name="Go to the first page").tap()
    await expect(page).to_have_title("Your bots · Nexus")
