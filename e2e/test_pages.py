"""Does every page fit on a small phone and under a thumb, and can a keyboard walk through it?"""

import pytest
from playwright.sync_api import Page, expect

from e2e.product import Product

PATHS = (
    "/",
    "/bots",
    "/bots/1",
    "/bots/1/edit",
    "/bots/new",
    "/bots/1/close",
    "/market/BTC-USDT",
    "/nowhere",
)
FINGER = 44
"""Pixels a thumb needs."""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def missed_by_thumbs(page: Page) -> list[str]:
    """Name the controls that are shown and lower than a thumb needs."""
    found = []
    for control in page.locator("button, .button, nav a, summary, select, input").all():
        box = control.bounding_box()
        if box and box["width"] > 1 and box["height"] < FINGER:
            kind = control.evaluate("e => e.type === 'radio' ? 'radio' : e.outerHTML.slice(0, 80)")
            # The whole option around a radio button can be tapped.
            found += [] if kind == "radio" else [f"{kind}: {box['height']} pixels"]
    return found


@pytest.mark.parametrize("width", [390, 320])
def test_pages_fit_a_phone_and_a_thumb(trader: Page, width: int) -> None:
    trader.set_viewport_size({"width": width, "height": 844})
    for path in PATHS:
        trader.goto(path)
        if path == "/bots/1" or path.startswith("/market"):
            expect(trader.locator("#chart")).to_have_attribute("data-state", "drawn")
        for summary in trader.locator("summary").all()[:2]:
            summary.click()
        assert trader.evaluate(TOO_WIDE) <= 0, path
        assert missed_by_thumbs(trader) == [], path


def test_the_sign_in_page_fits_too(phone: Page) -> None:
    for width in (390, 320):
        phone.set_viewport_size({"width": width, "height": 844})
        phone.goto("/sign-in")
        assert phone.evaluate(TOO_WIDE) <= 0
        assert missed_by_thumbs(phone) == []


def test_the_chart_is_really_drawn(trader: Page) -> None:
    trader.locator("#market-BTC-USDT a").tap()
    expect(trader.locator("#chart")).to_have_attribute("data-state", "drawn")
    box = trader.locator("#chart canvas").first.bounding_box()
    assert box
    assert (box["width"] > 200, box["height"] > 150) == (True, True)
    expect(trader.locator("#chart-summary")).to_contain_text("candles, between")
    expect(trader.locator("#candle-rows tr")).to_have_count(10)


def test_without_scripts_the_numbers_stand_in_a_table(plain_phone: Page, product: Product) -> None:
    plain_phone.goto("/market/BTC-USDT")
    plain_phone.get_by_label("E-mail").fill(product.email)
    plain_phone.get_by_label("Password", exact=True).fill(product.password)
    plain_phone.get_by_role("button", name="Sign in", exact=True).click()
    expect(plain_phone.locator("#candle-rows tr")).to_have_count(10)
    expect(plain_phone.get_by_text("The chart needs JavaScript.")).to_be_visible()


def test_what_is_not_there_says_so_and_leads_home(trader: Page) -> None:
    for path in ("/nowhere", "/bots/999999/close", "/market/DOGE-USDT"):
        answer = trader.goto(path)
        assert answer
        assert answer.status == 404
        expect(trader.get_by_role("heading", name="There is nothing here")).to_be_visible()
    trader.get_by_role("link", name="Go to the first page").tap()
    expect(trader.locator("#bot-list")).to_be_visible()


def test_a_keyboard_skips_to_the_content(trader: Page) -> None:
    trader.goto("/bots/new")
    trader.keyboard.press("Tab")
    skip = trader.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    trader.keyboard.press("Enter")
    trader.keyboard.press("Tab")
    expect(trader.locator("main a.back")).to_be_focused()


def test_after_signing_out_going_back_shows_nothing(trader: Page) -> None:
    trader.locator("summary.menu__button").tap()
    trader.get_by_role("button", name="Sign out").tap()
    trader.wait_for_url("**/sign-in")
    trader.go_back()
    expect(trader.locator("#bot-list")).to_be_hidden()
