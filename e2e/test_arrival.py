"""Does a stranger get in and watch Nexus trade, on a page that updates by itself?"""

import re

import httpx
from playwright.async_api import expect

from e2e.conftest import Phone
from e2e.moves import PATIENCE_MS, is_marked, mark, sign_in
from e2e.product import Product

PRICE = re.compile(r"^\d{1,3}(,\d{3})*\.\d\d$")
NEW_LINE = (
    "seen => [...document.querySelectorAll('#feed-list > [id]')].some(e => !seen.includes(e.id))"
)
ANOTHER_PRICE = (
    "old => document.querySelector('#market-BTC-USDT .market__last').textContent !== old"
)


async def test_a_stranger_signs_in_and_trades_arrive_by_themselves(
    phone: Phone, product: Product
) -> None:
    page = await phone(signed_in=False)
    await page.goto("/")
    assert page.url.endswith("/sign-in")
    await expect(page.get_by_text(product.email)).to_be_visible()
    await sign_in(page, product.email, product.password)

    await expect(page).to_have_title("Your bots · Nexus")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await mark(page)
    lines = await page.locator("#feed-list > [id]").evaluate_all("all => all.map(e => e.id)")

    bitcoin = page.locator("#market-BTC-USDT")
    price = bitcoin.locator(".market__last")
    await expect(price).to_have_text(PRICE)
    first = await price.text_content()
    await expect(bitcoin).to_contain_text(re.compile("Bullish|Bearish|Sideways|Unknown"))
    await expect(bitcoin.locator(".market__reason")).to_have_text(re.compile(r"\w+ .+\."))
    await expect(page.locator("#bot-list article")).to_have_count(4)

    await page.wait_for_function(ANOTHER_PRICE, arg=first, timeout=PATIENCE_MS)
    await page.wait_for_function(NEW_LINE, arg=lines, timeout=PATIENCE_MS)
    newest = page.locator("#feed-list > [id]").first
    await expect(newest).to_contain_text(re.compile("(Bought|Sold) [0-9.]+ (BTC|ETH)"))
    assert await is_marked(page), "the page was loaded anew"


async def test_a_decision_says_why_it_was_made_and_what_it_meant_for_me(phone: Phone) -> None:
    page = await phone()
    await page.goto("/")
    followed = page.locator("#decision-list > [id]").filter(has_text="You followed").first
    await expect(followed).to_be_visible(timeout=PATIENCE_MS)
    decision = page.locator(f"#{await followed.get_attribute('id')}")
    await expect(decision.get_by_text("Why this")).to_be_hidden()
    await decision.locator("summary").tap()
    for part in ("Why this", "Why it was allowed", "Your bots"):
        await expect(decision.get_by_text(part, exact=True)).to_be_visible()
    await expect(decision).to_contain_text(
        re.compile("Your bots (bought|sold) [0-9.]+ (BTC|ETH) for [0-9,.]+ USDT")
    )


async def test_the_machines_question_is_answered_with_the_age_of_the_last_tick(
    phone: Phone, product: Product
) -> None:
    page = await phone()
    await page.goto("/")
    await expect(page.locator("#market-BTC-USDT .market__last")).to_have_text(PRICE)
    answer = httpx.get(f"{product.url}/readyz")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["ready"], told["database"], told["redis"]) == (True, "ok", "ok")
    assert 0 <= told["tick_age_seconds"] < 30
    assert httpx.get(f"{product.url}/livez").json() == {"status": "ok"}
