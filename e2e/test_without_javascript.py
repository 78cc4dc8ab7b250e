"""Does everything that matters work where no script runs?"""

import asyncio
import re

from playwright.async_api import expect

from e2e.conftest import Phone
from e2e.moves import sign_in
from e2e.product import Product

PATIENCE_SECONDS = 60


async def test_sign_in_pause_start_and_close_by_plain_forms(phone: Phone, product: Product) -> None:
    customer = await product.add_customer()
    page = await phone(signed_in=False, javascript=False)
    await page.goto("/")
    await sign_in(page, customer.email, customer.password)
    await expect(page.locator("#market-BTC-USDT .market__last")).to_have_text(re.compile(r"\d"))
    await expect(page.get_by_role("link", name="Reload to update")).to_be_visible()

    card = page.locator(f"#bot-{customer.bot}")
    await card.get_by_role("button", name="Pause").click()
    await page.wait_for_url("**/#bots")
    await expect(card).to_have_attribute("data-status", "paused")
    await card.get_by_role("button", name="Start").click()
    await expect(card).to_have_attribute("data-status", "running")

    await card.get_by_role("link", name="Stop and close").click()
    await page.get_by_role("button", name=re.compile("^(Stop the bot|Sell .* and stop)$")).click()
    await page.wait_for_url("**/#bots")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await card.get_attribute("data-status") != "stopped":
            await page.reload()


async def test_a_symbol_has_its_numbers_in_a_table(phone: Phone) -> None:
    page = await phone(javascript=False)
    await page.goto("/market/BTC-USDT")
    await expect(page.locator("#candle-rows tr")).to_have_count(10)
    await expect(page.get_by_text("The chart needs JavaScript.")).to_be_visible()
