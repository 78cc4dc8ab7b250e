"""Can somebody run their bots with a thumb: pause, start, stop and close, make a new one?"""

import re

from playwright.async_api import expect

from e2e.conftest import Phone
from e2e.moves import PATIENCE_MS, is_marked, mark, sign_in
from e2e.product import Product

IN_A_TRADE = re.compile(r"Layer \d+ of \d+")


async def test_pause_and_start_with_a_tap(phone: Phone) -> None:
    page = await phone()
    await page.goto("/")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await mark(page)
    card = page.locator("#bot-list article").nth(1)
    await card.get_by_role("button", name="Pause").tap()
    await expect(card).to_contain_text("Paused")
    await expect(card.get_by_role("button", name="Start")).to_be_enabled()
    assert await is_marked(page), "the page was loaded anew"
    await page.reload()
    await expect(card).to_contain_text("Paused")
    await card.get_by_role("button", name="Start").tap()
    await expect(card).to_contain_text("Running")
    await expect(card.get_by_role("button", name="Pause")).to_be_enabled()


async def test_stop_and_close_asks_then_sells_then_stops(phone: Phone) -> None:
    page = await phone()
    await page.goto("/")
    card = page.locator("#bot-list article").first
    await expect(card).to_contain_text(IN_A_TRADE, timeout=PATIENCE_MS)
    await card.get_by_role("link", name="Stop and close").tap()
    await expect(page.get_by_role("heading", name="Stop and close BTC/USDT")).to_be_visible()
    await expect(page.get_by_text("A sale cannot be undone.")).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Sell .* and stop$")).tap()
    await page.wait_for_url("**/#bots")
    await expect(card).to_have_attribute("data-status", "stopped", timeout=PATIENCE_MS)
    await expect(card).to_contain_text("No open trade")
    await expect(card.get_by_role("button", name="Start")).to_be_visible()
    sale = page.locator("#feed-list > [id]").filter(has_text=re.compile(r"Sold [0-9.]+ BTC"))
    await expect(sale.first).to_be_visible()


async def test_who_changes_their_mind_keeps_the_bot(phone: Phone) -> None:
    page = await phone()
    await page.goto("/")
    await page.locator("#bot-list article").last.get_by_role("link", name="Stop and close").tap()
    await page.get_by_role("link", name="Keep the bot").tap()
    await page.wait_for_url("**/#bots")
    last = page.locator("#bot-list article").last
    await expect(last).to_have_attribute("data-status", "running")


async def test_a_new_bot_after_a_mistake(phone: Phone, product: Product) -> None:
    customer = await product.add_customer()
    page = await phone(signed_in=False)
    await page.goto("/bots/new")
    await sign_in(page, customer.email, customer.password)
    await expect(page.get_by_role("heading", name="New bot")).to_be_visible()
    await page.get_by_label("Symbol").select_option("ETH/USDT")
    await page.get_by_label("Amount").fill("250,50")
    await page.get_by_role("button", name="Create and start").tap()
    await expect(page.locator("#allocation-error")).to_have_text(
        "Write an amount with at most two decimals, like 250 or 1,099.50."
    )
    amount = page.get_by_label("Amount")
    await expect(amount).to_have_value("250,50")
    await expect(amount).to_be_focused()
    await expect(page.get_by_label("Symbol")).to_have_value("ETH/USDT")
    await amount.fill("250.50")
    await page.get_by_role("button", name="Create and start").tap()
    await page.wait_for_url("**/#bots")
    cards = page.locator("#bot-list article")
    await expect(cards).to_have_count(2)
    await expect(cards.last).to_contain_text(re.compile("ETH.*Running.*of 250.50 USDT", re.DOTALL))
    await expect(cards.last).to_contain_text("It waits for")
