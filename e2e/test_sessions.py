"""Can somebody on a phone see where they are signed in, end it there, and use keys alone?"""

from collections.abc import Iterator
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import _page
from e2e.customers import Customer, add_customer
from e2e.product import Product
from e2e.test_pages import TOO_WIDE, missed_by_thumbs


@pytest.fixture
def other_phone(
    browser: Browser, product: Product, complaints: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Lend a second phone, with cookies of its own."""
    yield from _page(browser, product, complaints, request, java_script_enabled=True)


@pytest.fixture
def customer(product: Product) -> Customer:
    return add_customer(product)


def sign_in(page: Page, customer: Customer) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(customer.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")


def fits(page: Page) -> None:
    assert page.evaluate(TOO_WIDE) <= 0
    assert missed_by_thumbs(page) == []


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called so."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("(document.activeElement.innerText || '').trim()")
        if focused.startswith(name):
            return
    pytest.fail(f"{name!r} cannot be reached by keys")


def test_a_session_ended_on_one_phone_dies_on_the_other(
    phone: Page, other_phone: Page, customer: Customer, complaints: list[str]
) -> None:
    sign_in(phone, customer)
    sign_in(other_phone, customer)
    expect(other_phone.locator(".connection")).to_have_attribute("data-state", "live")

    phone.goto("/settings/sessions")
    fits(phone)
    expect(phone.locator(".session")).to_have_count(2)
    expect(phone.locator(".session").first).to_contain_text("this browser")
    phone.locator(".session").nth(1).get_by_role("button").click()
    expect(phone.locator(".session")).to_have_count(1)

    # Its open stream ends by itself; whatever it asks for next is refused.
    expect(other_phone.locator(".connection")).to_have_attribute("data-state", "signed-out")
    other_phone.goto("/settings")
    other_phone.wait_for_url("**/sign-in*")
    phone.goto("/settings")
    expect(phone.get_by_role("heading", name="Settings")).to_be_visible()
    # htmx says in the console that its stream was refused, which it was.
    assert ["SSE reconnect failed with status 401" in text for text in complaints] == [True]
    complaints.clear()


def test_everywhere_else_is_left_at_once(
    plain_phone: Page, other_phone: Page, customer: Customer
) -> None:
    """Without JavaScript on the phone that ends the others."""
    sign_in(plain_phone, customer)
    sign_in(other_phone, customer)
    plain_phone.goto("/settings/sessions")
    plain_phone.get_by_role("button", name="Sign out everywhere else").click()
    expect(plain_phone.locator(".session")).to_have_count(1)
    other_phone.goto("/")
    other_phone.wait_for_url("**/sign-in*")


def test_the_settings_are_reached_and_used_by_keys_alone(phone: Page, customer: Customer) -> None:
    sign_in(phone, customer)
    tab_to(phone, "Menu")
    phone.keyboard.press("Enter")
    tab_to(phone, "Settings")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/settings")
    fits(phone)
    tab_to(phone, "Profile")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/settings/profile")
    while phone.evaluate("document.activeElement.id") != "display_name":
        phone.keyboard.press("Tab")
    phone.keyboard.press("Control+a")
    phone.keyboard.type("Grace H.")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/settings")
    tab_to(phone, "Activity")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/settings/activity")
    fits(phone)
    expect(phone.locator(".activity").first).to_contain_text("Name changed")
    phone.locator(".menu summary").click()
    expect(phone.locator(".menu__who")).to_contain_text("Grace H.")


def test_a_person_takes_their_data_along_and_leaves_and_stays(
    plain_phone: Page, customer: Customer
) -> None:
    phone = plain_phone
    sign_in(phone, customer)
    phone.goto("/settings/data")
    fits(phone)
    phone.get_by_role("link", name="Download your data").click()
    with phone.expect_download() as downloading:
        phone.get_by_role("button", name="Download the ZIP file").click()
    with ZipFile(downloading.value.path()) as archive:
        assert customer.email in archive.read("csv/users.csv").decode()
        assert "BTC/USDT" in archive.read("json/bots.json").decode()

    phone.goto("/settings/data/delete")
    fits(phone)
    address = phone.get_by_label("Your e-mail address")
    address.fill("somebody@else.example")
    phone.get_by_role("button", name="Delete the account").click()
    expect(phone.locator("#email-error")).to_contain_text("or keep the account")
    expect(address).to_be_focused()
    expect(address).to_have_value("somebody@else.example")
    address.fill(customer.email)
    phone.get_by_role("button", name="Delete the account").click()
    phone.wait_for_url("**/settings/data")
    fits(phone)
    phone.goto("/")
    expect(phone.get_by_text("Your account will be deleted on")).to_be_visible()
    expect(phone.get_by_text("It is paused: it takes no new entry")).to_be_visible()
    phone.get_by_role("link", name="Keep it").click()
    phone.get_by_role("button", name="Keep my account").click()
    expect(phone.get_by_text("will be deleted on")).to_have_count(0)
