"""Can somebody make a bot, look into it, change it and delete it, with and without scripts?"""

import re

from playwright.sync_api import Locator, Page, expect

from e2e.customers import add_customer
from e2e.product import Product

BOT_PAGE = re.compile(r"/bots/\d+$")


def start(page: Page, product: Product, path: str) -> None:
    customer = add_customer(product)
    page.goto(path)
    sign_in_plainly(page, customer.email, customer.password)


def sign_in_plainly(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def only_bot(page: Page) -> Locator:
    """Open the page of the one bot there is; gives its card."""
    page.locator("article.bot .bot__name a").click()
    page.wait_for_url(BOT_PAGE)
    return page.locator("article.bot")


def test_slider_and_number_are_kept_in_step(phone: Page, product: Product) -> None:
    start(phone, product, "/bots/new")
    amount, slider = phone.get_by_label("Amount", exact=True), phone.get_by_role("slider")
    amount.fill("1,250")
    expect(slider).to_have_value("1250")
    slider.press("ArrowRight")
    expect(amount).to_have_value("1251")
    expect(slider).to_have_attribute("aria-valuetext", "1251 USDT")
    amount.fill("not yet an amount")
    expect(slider).to_have_value("1251")


def test_looking_back_reloads_nothing_and_makes_nothing(phone: Page, product: Product) -> None:
    start(phone, product, "/bots/new")
    phone.evaluate("window.notReloaded = true")
    back = phone.locator("#preview")
    expect(back).to_contain_text("Choose an amount")
    phone.get_by_label("Amount", exact=True).fill("500")
    phone.get_by_role("button", name="Look back").tap()
    expect(back).to_contain_text(re.compile("finished trade|has decided nothing"))
    phone.get_by_label("Amount", exact=True).fill("abc")
    phone.get_by_label("Symbol").select_option("ETH/USDT")
    expect(back).to_contain_text("Write an amount with at most two decimals")
    expect(phone.get_by_label("Amount", exact=True)).to_have_value("abc")
    assert phone.evaluate("window.notReloaded")
    phone.goto("/bots")
    expect(phone.locator("article.bot")).to_have_count(1)


def test_an_answer_to_the_look_back_moves_no_button_that_is_pressed(
    phone: Page, product: Product
) -> None:
    start(phone, product, "/bots/new")
    create = phone.get_by_role("button", name="Create and start")
    phone.get_by_label("Amount", exact=True).fill("one")
    create.hover()
    with phone.expect_response("**/bots/new/preview"):
        phone.mouse.down()
    expect(phone.locator("#preview")).to_contain_text("Write an amount")
    phone.mouse.up()
    expect(phone.locator("#allocation-error")).to_contain_text("Write an amount")
    expect(phone.locator("#preview")).to_contain_text("Choose an amount")
    # A longer answer would push down what comes after it, so the button comes before.
    assert create.evaluate(
        "button => button.compareDocumentPosition(document.querySelector('#preview')) & "
        "Node.DOCUMENT_POSITION_FOLLOWING"
    )


def test_a_bots_page_is_live_and_has_its_chart(phone: Page, product: Product) -> None:
    start(phone, product, "/bots")
    card = only_bot(phone)
    expect(phone.locator("#connection")).to_have_attribute("data-state", "live")
    expect(phone.locator("#chart")).to_have_attribute("data-state", "drawn")
    expect(phone.locator("#chart-summary")).to_contain_text("candles, between")
    phone.evaluate("window.notReloaded = true")
    card.get_by_role("button", name="Pause").tap()
    expect(card).to_have_attribute("data-status", "paused")
    card.get_by_role("button", name="Start").tap()
    expect(card).to_have_attribute("data-status", "running")
    assert phone.evaluate("window.notReloaded")


def test_news_is_told_below_without_reloading(trader: Page) -> None:
    """Whatever the strategy decides next stands on the page by itself."""
    trader.goto("/bots/1")
    trader.evaluate("window.notReloaded = true")
    newest = trader.locator("#reached .decision, #reached .empty").first
    first = newest.get_attribute("id")
    told = "id => document.querySelector('#reached .decision')?.id !== id"
    trader.wait_for_function(told, arg=first, timeout=240_000)
    expect(trader.locator("#notice")).to_be_hidden()
    expect(trader.locator("#chart-summary")).to_contain_text("You bought", timeout=240_000)
    assert trader.evaluate("window.notReloaded")


def test_another_amount_is_explained_first(phone: Page, product: Product) -> None:
    start(phone, product, "/bots")
    only_bot(phone)
    phone.get_by_role("link", name="Change the amount").tap()
    phone.wait_for_url("**/edit")
    phone.evaluate("window.notReloaded = true")
    phone.get_by_label("New amount", exact=True).fill("200,5")
    phone.get_by_role("button", name="See what that means").tap()
    expect(phone.locator("#allocation-error")).to_contain_text("Write an amount")
    expect(phone.get_by_role("slider")).to_be_visible()
    phone.get_by_label("New amount", exact=True).fill("200")
    phone.get_by_role("button", name="See what that means").tap()
    expect(phone.get_by_role("heading", name="From 500.00 USDT to 200.00 USDT")).to_be_visible()
    assert phone.evaluate("window.notReloaded")
    phone.get_by_role("button", name="Change to 200.00 USDT").tap()
    phone.wait_for_url(BOT_PAGE)
    expect(phone.locator("article.bot")).to_contain_text("200.00 USDT")


def test_without_scripts_a_bot_is_made_changed_stopped_and_deleted(
    plain_phone: Page, product: Product
) -> None:
    start(plain_phone, product, "/bots/new")
    plain_phone.get_by_label("Symbol").select_option("ETH/USDT")
    plain_phone.get_by_label("Amount", exact=True).fill("300")
    plain_phone.get_by_role("button", name="Look back").click()
    expect(plain_phone.get_by_label("Amount", exact=True)).to_have_value("300")
    expect(plain_phone.locator("#preview")).to_contain_text(
        re.compile("finished trade|has decided nothing")
    )
    plain_phone.get_by_role("button", name="Create and start").click()
    plain_phone.wait_for_url(BOT_PAGE)
    card = plain_phone.locator("article.bot")
    card.get_by_role("button", name="Pause").click()
    plain_phone.wait_for_url(BOT_PAGE)
    expect(card).to_have_attribute("data-status", "paused")
    plain_phone.get_by_role("link", name="Change the amount").click()
    plain_phone.get_by_label("New amount", exact=True).fill("250")
    plain_phone.get_by_role("button", name="See what that means").click()
    plain_phone.get_by_role("button", name="Change to 250.00 USDT").click()
    expect(card).to_contain_text("250.00 USDT")
    page = plain_phone.url
    plain_phone.get_by_role("link", name="Delete").click()
    expect(plain_phone.get_by_text("Stop the bot first.")).to_be_visible()
    plain_phone.get_by_role("link", name="Stop and close").click()
    plain_phone.get_by_role("button", name="Stop and keep").click()
    plain_phone.goto(f"{page}/delete")
    plain_phone.get_by_role("button", name="Delete the bot").click()
    plain_phone.wait_for_url("**/bots")
    expect(plain_phone.locator("article.bot")).to_have_count(1)
    plain_phone.locator("summary", has_text="Deleted bots (1)").click()
    plain_phone.get_by_role("link", name="ETH/USDT, Practice").click()
    expect(plain_phone.get_by_text("You deleted this bot")).to_be_visible()


def test_going_live_says_what_is_still_to_be_done(phone: Page, product: Product) -> None:
    start(phone, product, "/bots")
    only_bot(phone)
    phone.get_by_role("link", name="Run it with real money").tap()
    account = phone.locator(".check", has_text="An exchange account that works")
    expect(account).to_contain_text("Not yet")
    expect(phone.get_by_text("As soon as all of this is done")).to_be_visible()
    account.get_by_role("link").tap()
    phone.wait_for_url("**/accounts")
