"""Can a customer stop everything with one thumb, from anywhere, and without scripts?"""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.customers import add_customer
from e2e.product import Product

THUMB = 44
"""The least height and width of what a thumb must hit, in CSS pixels."""


def sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def start_at(page: Page, product: Product, path: str) -> None:
    customer = add_customer(product)
    # A visitor who asks for the first page is shown what Nexus is, and no form.
    page.goto("/sign-in" if path == "/" else path)
    sign_in(page, customer.email, customer.password)


def expect_in_reach(page: Page) -> None:
    """Fail unless the way to the stop lies in the lower half, whole, and large enough."""
    box = page.get_by_role("link", name="Stop", exact=True).bounding_box()
    size = page.viewport_size
    assert box
    assert size
    assert min(box["width"], box["height"]) >= THUMB
    assert size["height"] / 2 < box["y"] <= size["height"] - box["height"]
    assert 0 <= box["x"] <= size["width"] - box["width"]
    wide = page.locator(".tabs").evaluate("tabs => tabs.scrollWidth - tabs.clientWidth")
    assert wide <= 0, "the row of tabs is wider than the screen"


@pytest.mark.parametrize("path", ["/", "/settings", "/bots/new", "/market/BTC-USDT"])
def test_the_stop_is_in_reach_of_the_thumb(phone: Page, product: Product, path: str) -> None:
    start_at(phone, product, path)
    expect_in_reach(phone)
    phone.set_viewport_size({"width": 320, "height": 568})
    expect_in_reach(phone)
    phone.get_by_role("link", name="Stop", exact=True).tap()
    expect(phone.get_by_role("heading", name="Stop everything")).to_be_visible()


def test_one_thumb_pauses_everything(phone: Page, product: Product) -> None:
    start_at(phone, product, "/settings")
    phone.get_by_role("link", name="Stop", exact=True).tap()
    for meaning in ("Pause entries", "Stop and keep what you hold", "Close everything at market"):
        expect(phone.get_by_role("heading", name=meaning)).to_be_visible()
    phone.get_by_role("button", name="Pause entries").tap()
    phone.wait_for_url("**/#bots")
    bot = phone.locator("#bot-list article")
    expect(bot).to_have_attribute("data-status", "paused")
    expect(phone.locator("#feed-list")).to_contain_text("You paused 1 bot")
    bot.get_by_role("button", name="Start").tap()
    expect(bot).to_contain_text("Running")


def test_who_changes_their_mind_stops_nothing(phone: Page, product: Product) -> None:
    start_at(phone, product, "/stop")
    phone.get_by_role("link", name="Change nothing").tap()
    phone.wait_for_url("**/#bots")
    expect(phone.locator("#bot-list article")).to_have_attribute("data-status", "running")


@pytest.mark.parametrize("button", ["Stop and keep", "Close everything at market"])
def test_without_scripts_everything_stops(plain_phone: Page, product: Product, button: str) -> None:
    start_at(plain_phone, product, "/settings")
    plain_phone.get_by_role("link", name="Stop", exact=True).click()
    plain_phone.get_by_role("button", name=button).click()
    plain_phone.wait_for_url(re.compile(r"/#bots$"))
    bot = plain_phone.locator("#bot-list article")
    for _ in range(50):  # Each turn is a whole page, so this waits without sleeping.
        if bot.get_attribute("data-status") == "stopped":
            break
        plain_phone.reload()
    expect(bot).to_have_attribute("data-status", "stopped")
