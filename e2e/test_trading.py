"""Does a page that lies on the table show what happens, and say what it meant for its owner?"""

import re

from playwright.sync_api import Page, expect

TRADES_WITHIN_MS = 120_000
ANOTHER_PRICE = """
old => document.querySelector("#market-BTC-USDT .market__last").textContent !== old
"""


def test_the_price_moves_by_itself(trader: Page) -> None:
    price = trader.locator("#market-BTC-USDT .market__last")
    first = price.text_content()
    trader.evaluate("window.notReloaded = true")
    trader.wait_for_function(ANOTHER_PRICE, arg=first, timeout=TRADES_WITHIN_MS)
    assert trader.evaluate("window.notReloaded")


def test_a_decision_says_what_it_did_once_it_has_done_it(trader: Page) -> None:
    """Should its order still be on its way, the sentence changes by itself when it is filled."""
    followed = trader.locator("#decision-list > .decision").filter(has_text="You followed")
    followed.first.wait_for(timeout=TRADES_WITHIN_MS)
    decision = trader.locator(f"#{followed.first.get_attribute('id')}")
    expect(decision.get_by_text("Why this", exact=True)).to_be_hidden()
    decision.locator("summary").tap()
    for part in ("Why this", "Why it was allowed", "Your bots"):
        expect(decision.get_by_text(part, exact=True)).to_be_visible()
    expect(decision).to_contain_text(
        re.compile("Your bots (bought|sold) [0-9.]+ (BTC|ETH) for [0-9,.]+ USDT"),
        timeout=TRADES_WITHIN_MS,
    )
    expect(decision.get_by_text("Why this", exact=True)).to_be_visible()


def test_a_bot_in_a_trade_is_sold_then_stopped(trader: Page) -> None:
    bot = trader.locator("#bot-list article").nth(3)
    expect(bot).to_contain_text(re.compile(r"Layer \d of \d"), timeout=TRADES_WITHIN_MS)
    bot.get_by_role("link", name="Stop and close").tap()
    expect(trader.get_by_text("A sale cannot be undone.")).to_be_visible()
    trader.get_by_role("button", name=re.compile("^Sell [0-9.]+ ETH and stop$")).tap()
    trader.wait_for_url("**/#bots")
    expect(bot).to_have_attribute("data-status", "stopped", timeout=TRADES_WITHIN_MS)
    expect(bot).to_contain_text("No open trade")
    expect(bot.get_by_role("button", name="Start")).to_be_visible()
    sale = trader.locator("#feed-list > .item").filter(has_text=re.compile("Sold [0-9.]+ ETH"))
    expect(sale.first).to_be_visible()
