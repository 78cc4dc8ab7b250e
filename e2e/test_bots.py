"""Can a customer make a bot, change their mind, and do all of it without scripts?"""

import re

from playwright.sync_api import Page, expect

from e2e.customers import add_customer
from e2e.product import Product


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).tap()


def test_a_new_bot_after_a_mistake(phone: Page, product: Product) -> None:
    customer = add_customer(product)
    phone.goto("/bots/new")
    sign_in(phone, customer.email, customer.password)
    amount, symbol = phone.get_by_label("Amount", exact=True), phone.get_by_label("Symbol")
    symbol.select_option("ETH/USDT")
    amount.fill("250,50")
    phone.get_by_role("button", name="Create and start").tap()
    expect(phone.locator("#allocation-error")).to_have_text(
        "Write an amount with at most two decimals, like 250 or 1,099.50."
    )
    expect(amount).to_have_value("250,50")
    expect(amount).to_be_focused()
    expect(symbol).to_have_value("ETH/USDT")
    amount.fill("250.50")
    phone.get_by_role("button", name="Create and start").tap()
    phone.wait_for_url(re.compile(r"/bots/\d+$"))
    card = phone.locator("article.bot")
    expect(card).to_contain_text(re.compile(r"ETH.*Running.*250\.50 USDT", re.DOTALL))
    phone.get_by_role("navigation").get_by_role("link", name="Bots").tap()
    expect(phone.locator("article.bot")).to_have_count(2)


def test_pausing_changes_the_card_and_nothing_else(phone: Page, product: Product) -> None:
    customer = add_customer(product)
    phone.goto("/sign-in")
    sign_in(phone, customer.email, customer.password)
    bot = phone.locator("#bot-list article")
    expect(phone.locator("#connection")).to_have_attribute("data-state", "live")
    phone.evaluate("window.notReloaded = true")
    bot.get_by_role("button", name="Pause").tap()
    expect(bot).to_contain_text("Paused")
    bot.get_by_role("button", name="Start").tap()
    expect(bot).to_contain_text("Running")
    assert phone.evaluate("window.notReloaded")
    phone.reload()
    expect(bot).to_contain_text("Running")


def test_who_changes_their_mind_keeps_the_bot(phone: Page, product: Product) -> None:
    customer = add_customer(product)
    phone.goto("/sign-in")
    sign_in(phone, customer.email, customer.password)
    phone.get_by_role("link", name="Stop and close").tap()
    phone.get_by_role("link", name="Keep the bot").tap()
    phone.wait_for_url("**/#bots")
    expect(phone.locator("#bot-list article")).to_have_attribute("data-status", "running")


def test_a_customer_sees_no_bot_of_another(phone: Page, product: Product) -> None:
    customer = add_customer(product)
    phone.goto("/sign-in")
    sign_in(phone, customer.email, customer.password)
    expect(phone.locator("#bot-list article")).to_have_count(1)
    answer = phone.goto("/bots/1/close")
    assert answer
    assert answer.status == 404
    expect(phone.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_without_scripts_a_closed_bot_stops(plain_phone: Page, product: Product) -> None:
    customer = add_customer(product)
    plain_phone.goto("/sign-in")
    sign_in(plain_phone, customer.email, customer.password)
    bot = plain_phone.locator("#bot-list article")
    expect(plain_phone.get_by_role("link", name="Reload to update")).to_be_visible()
    bot.get_by_role("link", name="Stop and close").click()
    plain_phone.get_by_role("button", name=re.compile("^(Sell|Stop the bot)")).click()
    plain_phone.wait_for_url("**/*#bots")
    for _ in range(50):  # Each turn is a whole page, so this waits without sleeping.
        if bot.get_attribute("data-status") == "stopped":
            break
        plain_phone.reload()
    expect(bot).to_have_attribute("data-status", "stopped")
    bot.get_by_role("button", name="Start").click()
    expect(bot).to_have_attribute("data-status", "running")
