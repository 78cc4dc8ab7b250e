"""Can somebody on a phone connect an exchange, with and without scripts, by keyboard too?"""

import json
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from e2e.customers import add_customer
from e2e.product import Product
from e2e.test_factors import add_app, fits, sign_in


def exchange(product: Product, path: str, **body: Any) -> Any:
    """Do something at the simulated exchange, as its customer does on its own pages."""
    ready = json.loads((product.home / "ready.json").read_text())
    answer = httpx.post(f"{ready['simulator_url']}/simulator/{path}", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()


def whole_way(page: Page, product: Product, *, scripts: bool) -> None:
    [made] = exchange(product, "accounts", count=1)
    customer = add_customer(product)
    sign_in(page, customer)
    page.wait_for_url("**/")
    page.goto("/accounts/new")
    expect(page.locator("#needed")).to_contain_text("needs a second factor")
    add_app(page)

    page.goto("/accounts")
    fits(page)
    page.get_by_role("link", name="Connect an exchange").click()
    fits(page)
    page.get_by_label("Name of this account").fill("My savings")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your key at Binance")).to_be_visible()
    fits(page)
    if scripts:
        expect(page.get_by_role("button", name="Copy: the public key")).to_be_visible()
    public_key = page.locator("#public-key").inner_text()
    registered = exchange(
        product, "keys", uid=made["uid"], kind="ED25519", public_key=public_key,
        rights={"enableWithdrawals": True},
    )  # fmt: skip

    page.get_by_label("API key").fill("tooshort")
    page.get_by_role("button", name="Check the key").click()
    expect(page.locator("#key-error")).to_contain_text("64 letters and digits")
    expect(page.get_by_label("API key")).to_be_focused()
    expect(page.get_by_label("API key")).to_have_value("")

    page.get_by_label("API key").fill(registered["key"])
    page.get_by_role("button", name="Check the key").click()
    until_checked(page, "#refused", scripts=scripts)
    expect(page.locator("#refused")).to_contain_text("This key may withdraw")
    fits(page)
    exchange(product, "keys/change", key=registered["key"], rights={"enableWithdrawals": False})
    page.get_by_role("button", name="Check again").click()
    until_checked(page, "text=My savings is connected", scripts=scripts)

    page.get_by_role("link", name="See the account").click()
    expect(page.locator(".health")).to_have_text("Works")
    fits(page)
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause the account").click()
    expect(page.get_by_text("the bots buy nothing, and still sell")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("link", name="Remove").click()
    fits(page)
    page.get_by_role("button", name="Destroy the key and remove").click()
    page.wait_for_url("**/accounts")
    expect(page.get_by_text("My savings")).to_have_count(0)


def until_checked(page: Page, what: str, *, scripts: bool) -> None:
    """Wait for the worker: the page notices by itself, or somebody follows the link."""
    if scripts:
        expect(page.locator(what)).to_be_visible(timeout=20_000)
        return
    for _ in range(20):
        if page.locator(what).count():
            return
        page.get_by_role("link", name="See whether it is done").click()
        page.wait_for_timeout(500)
    expect(page.locator(what)).to_be_visible()


def test_an_exchange_is_connected(phone: Page, product: Product) -> None:
    whole_way(phone, product, scripts=True)


def test_the_same_without_scripts(plain_phone: Page, product: Product) -> None:
    whole_way(plain_phone, product, scripts=False)
