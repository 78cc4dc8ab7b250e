"""Can a newcomer do on a phone what the product is for?"""

import json
import re
import urllib.request

from playwright.sync_api import Page, expect

from e2e.conftest import sign_in
from e2e.product import Product

TRADES_WITHIN_MS = 120_000
SOLD_WITHIN_MS = 30_000
GATE = re.compile("Entries (allowed|blocked)")
PAGES = ("/", "/bots/new", "/market/BTC-USDT", "/market/ETH-USDT")


def test_the_product_says_that_it_is_ready(product: Product) -> None:
    with urllib.request.urlopen(f"{product.url}/readyz") as answer:  # noqa: S310  our own address
        told = json.load(answer)
    assert told["ready"] is True
    assert {told["database"], told["redis"], told["migrations"]} == {"ok"}
    assert "tick_age_seconds" in told


def test_prices_regimes_and_bots_are_there(trader: Page) -> None:
    for symbol in ("BTC-USDT", "ETH-USDT"):
        market = trader.locator(f"#market-{symbol}")
        expect(market.locator(".market__last")).to_have_text(re.compile(r"\d[\d,]*\.\d{2}"))
        expect(market.locator(".market__reason")).not_to_be_empty()
        expect(market.locator(".market__regime")).to_contain_text(GATE)
    expect(trader.locator("#bot-list article")).to_have_count(4)


def test_trades_arrive_without_a_reload(trader: Page) -> None:
    seen = trader.locator("#feed-list > li.item").count()
    trader.evaluate("window.notReloaded = true")
    arrived = trader.locator("#feed-list > li.item").nth(seen)
    newest = trader.locator("#feed-list > li.item").first.get_attribute("id") if seen else None
    if newest is None:
        arrived.wait_for(state="attached", timeout=TRADES_WITHIN_MS)
    else:
        expect(trader.locator("#feed-list > li.item").first).not_to_have_id(
            newest, timeout=TRADES_WITHIN_MS
        )
    assert trader.evaluate("window.notReloaded")
    expect(trader.locator("#connection")).to_have_attribute("data-state", "live")


def test_a_decision_says_why_this_and_why_not_you(trader: Page) -> None:
    decision = trader.locator("#decision-list > li.decision").first
    decision.wait_for(state="attached", timeout=TRADES_WITHIN_MS)
    opened = trader.locator(f"#{decision.get_attribute('id')}")
    opened.locator("summary").click()
    expect(opened.get_by_text("Why this")).to_be_visible()


def test_a_bot_is_paused_and_started_by_tapping(trader: Page) -> None:
    bot = trader.locator("#bot-list article").nth(0)
    bot.get_by_role("button", name="Pause").click()
    expect(bot).to_have_attribute("data-status", "paused")
    bot.get_by_role("button", name="Start").click()
    expect(bot).to_have_attribute("data-status", "running")


def test_a_bot_is_stopped_and_closed_after_a_question(trader: Page) -> None:
    bot = trader.locator("#bot-list article").nth(1)
    bot.get_by_role("link", name="Stop and close").click()
    trader.get_by_role("heading", name="Stop and close").wait_for()
    trader.get_by_role("button", name=re.compile("^(Sell|Stop the bot)")).click()
    expect(trader.locator("#bot-list article").nth(1)).to_have_attribute(
        "data-status", "stopped", timeout=SOLD_WITHIN_MS
    )


def test_a_new_bot_needs_a_fitting_amount(trader: Page) -> None:
    trader.goto("/bots/new")
    trader.get_by_label("Amount", exact=True).fill("plenty")
    trader.get_by_role("button", name="Create and start").click()
    expect(trader.locator("#allocation-error")).to_contain_text("Write an amount")
    expect(trader.get_by_label("Amount", exact=True)).to_have_value("plenty")
    expect(trader.get_by_label("Amount", exact=True)).to_be_focused()


def test_a_symbol_page_draws_its_chart(trader: Page) -> None:
    trader.goto("/market/BTC-USDT")
    expect(trader.locator("#chart")).to_have_attribute("data-state", "drawn")


def test_a_wrong_password_is_told_and_the_address_kept(phone: Page, product: Product) -> None:
    phone.goto("/sign-in")
    phone.get_by_label("E-mail").fill(product.email)
    phone.get_by_label("Password", exact=True).fill("not the password")
    phone.get_by_role("button", name="Sign in", exact=True).click()
    expect(phone.get_by_role("alert")).to_be_visible()
    expect(phone.get_by_label("E-mail")).to_have_value(product.email)


def test_signing_in_needs_no_mouse(phone: Page, product: Product) -> None:
    phone.goto("/sign-in")
    phone.get_by_label("E-mail").focus()
    phone.keyboard.type(product.email)
    phone.keyboard.press("Tab")
    phone.keyboard.type(product.password)
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/")
    expect(phone.locator("#bot-list")).to_be_visible()


def test_signing_out_ends_it(trader: Page) -> None:
    trader.locator("summary.menu__button").click()
    trader.get_by_role("button", name="Sign out").click()
    trader.wait_for_url("**/sign-in")
    trader.goto("/settings")
    expect(trader).to_have_url(re.compile("/sign-in"))
    trader.goto("/")
    expect(trader.get_by_role("link", name="Sign in")).to_be_visible()


def test_everything_works_without_javascript(plain_phone: Page, product: Product) -> None:
    sign_in(plain_phone, product)
    bot = plain_phone.locator("#bot-list article").nth(2)
    bot.get_by_role("button", name="Pause").click()
    expect(plain_phone.locator("#bot-list article").nth(2)).to_have_attribute(
        "data-status", "paused"
    )
    plain_phone.locator("#bot-list article").nth(2).get_by_role("button", name="Start").click()
    bot = plain_phone.locator("#bot-list article").nth(2)
    expect(bot).to_have_attribute("data-status", "running")
    bot.get_by_role("link", name="Stop and close").click()
    plain_phone.get_by_role("button", name=re.compile("^(Sell|Stop the bot)")).click()
    plain_phone.wait_for_url("**/*#bots")
    expect(plain_phone.locator("#bot-list article").nth(2)).to_have_attribute(
        "data-status", re.compile("closing|stopped")
    )


def test_no_page_is_wider_than_a_phone(trader: Page) -> None:
    for width in (390, 320):
        trader.set_viewport_size({"width": width, "height": 700})
        for path in PAGES:
            trader.goto(path)
            inside = trader.evaluate("document.documentElement.scrollWidth")
            assert inside <= width, f"{path} is {inside} pixels wide on a phone of {width}"
