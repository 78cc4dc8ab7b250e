"""Can somebody on a phone add a second factor, sign in with it, and get in when it is lost?"""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from e2e.conftest import _page
from e2e.customers import Customer, add_customer
from e2e.product import Product
from e2e.test_pages import TOO_WIDE, missed_by_thumbs
from nexus.accounts.models import Session, User
from nexus.core.clock import now
from nexus.core.db import Database
from nexus.local.embedded import start_postgres

SECURITY = "/settings/security"


@pytest.fixture
def named_phone(
    browser: Browser, product: Product, complaints: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Lend a phone with a device that holds passkeys; the product has a name, as they need."""
    for page in _page(browser, product, complaints, request, java_script_enabled=True):
        device = page.context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        yield page


@pytest.fixture
def numbered_phone(
    browser: Browser, product: Product, complaints: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Lend a phone that visits the product by its number, though it calls itself by its name."""
    numbered = replace(product, url=product.url.replace("localhost", "127.0.0.1"))
    yield from _page(browser, numbered, complaints, request, java_script_enabled=True)


def sign_in(page: Page, customer: Customer) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(customer.email)
    page.get_by_label("Password", exact=True).fill(customer.password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/bots/new")
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")


def fits(page: Page) -> None:
    assert page.evaluate(TOO_WIDE) <= 0
    assert missed_by_thumbs(page) == []


def let_proofs_grow_old(product: Product, customer: Customer) -> None:
    """Make every proof of this customer older than what dangerous acts accept."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _age(product, customer)).result()


async def _age(product: Product, customer: Customer) -> None:
    database = Database(start_postgres(product.home), pool_size=1)
    try:
        async with database.transaction() as tx:
            theirs = select(User.id).where(User.email == customer.email).scalar_subquery()
            await tx.execute(
                update(Session)
                .where(Session.user_id == theirs)
                .values(proven_at=now() - timedelta(minutes=6))
            )
    finally:
        await database.close()


def add_app(page: Page) -> tuple[pyotp.TOTP, list[str]]:
    """Add an app, as somebody does who types the key; give it and the recovery codes shown."""
    page.goto(SECURITY)
    page.get_by_role("link", name="Add an app").click()
    app = pyotp.TOTP(page.locator("#key").inner_text().replace(" ", ""))
    page.get_by_label("Code from your app").fill(app.at(now()))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Nobody gets in with your password alone.")).to_be_visible()
    return app, codes


def whole_way_with_an_app(page: Page, product: Product) -> None:
    customer = add_customer(product)
    sign_in(page, customer)
    page.wait_for_url("**/")
    app, codes = add_app(page)
    sign_out(page)

    sign_in(page, customer)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Code from your app").fill("12345")
    page.get_by_role("button", name="Continue").first.click()
    expect(page.locator("#code-error")).to_be_visible()
    expect(page.get_by_label("Code from your app")).to_be_focused()
    # The code of the next half minute: the one of this has confirmed the app, and is used up.
    page.get_by_label("Code from your app").fill(app.at(now() + timedelta(seconds=30)))
    page.get_by_role("button", name="Continue").first.click()
    expect(page.locator("#bot-list")).to_be_visible()
    sign_out(page)

    sign_in(page, customer)
    page.get_by_text("Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[0].lower())
    page.get_by_role("button", name="Continue").last.click()
    expect(page.locator("#bot-list")).to_be_visible()
    page.goto(SECURITY)
    expect(page.get_by_text("9 of 10 left")).to_be_visible()


def test_an_app_is_added_asked_for_and_recovered_from(phone: Page, product: Product) -> None:
    whole_way_with_an_app(phone, product)


def test_the_same_without_scripts(plain_phone: Page, product: Product) -> None:
    whole_way_with_an_app(plain_phone, product)


def test_a_passkey_is_added_signs_in_and_proves(named_phone: Page, product: Product) -> None:
    phone, customer = named_phone, add_customer(product)
    sign_in(phone, customer)
    phone.wait_for_url("**/")
    phone.goto(SECURITY)
    phone.get_by_role("link", name="Add a passkey").tap()
    phone.get_by_label("Name").fill("My phone")
    phone.get_by_role("button", name="Create the passkey").tap()
    expect(phone.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    phone.get_by_role("link", name="I have kept them").tap()
    expect(phone.get_by_role("link", name="My phone")).to_be_visible()
    sign_out(phone)

    phone.get_by_role("button", name="Sign in with a passkey").tap()
    expect(phone.locator("#bot-list")).to_be_visible()

    let_proofs_grow_old(product, customer)
    phone.goto(f"{SECURITY}/totp")
    expect(phone.get_by_role("heading", name="Is it still you?")).to_be_visible()
    phone.get_by_role("button", name="Use a passkey").tap()
    expect(phone.get_by_role("heading", name="Add an authenticator app")).to_be_visible()
    sign_out(phone)

    sign_in(phone, customer)
    expect(phone.get_by_role("heading", name="One more step")).to_be_visible()
    phone.get_by_role("button", name="Use a passkey").tap()
    expect(phone.locator("#bot-list")).to_be_visible()


def test_a_question_turned_away_is_no_end(named_phone: Page, product: Product) -> None:
    sign_in(named_phone, add_customer(product))
    named_phone.wait_for_url("**/")
    named_phone.goto(f"{SECURITY}/passkeys/new")
    # What a browser says when somebody turns its question away.
    named_phone.evaluate(
        "() => { navigator.credentials.create ="
        " () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
    )
    named_phone.get_by_role("button", name="Create the passkey").tap()
    expect(named_phone.get_by_role("alert")).to_have_text(re.compile("Nothing was chosen"))
    expect(named_phone.get_by_role("button", name="Create the passkey")).to_be_enabled()


def test_by_number_the_page_says_where_passkeys_work(
    numbered_phone: Page, product: Product
) -> None:
    phone = numbered_phone
    sign_in(phone, add_customer(product))
    phone.wait_for_url("**/")
    phone.goto(f"{SECURITY}/passkeys/new")
    phone.get_by_role("button", name="Create the passkey").tap()
    expect(phone.get_by_role("alert")).to_contain_text("Open this page as http://localhost:")


def test_without_scripts_passkeys_say_what_works(plain_phone: Page, product: Product) -> None:
    plain_phone.goto("/sign-in")
    expect(plain_phone.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    sign_in(plain_phone, add_customer(product))
    plain_phone.goto(f"{SECURITY}/passkeys/new")
    expect(plain_phone.get_by_role("button", name="Create the passkey")).to_be_disabled()
    expect(plain_phone.get_by_text("Passkeys need JavaScript")).to_be_visible()


@pytest.mark.parametrize("width", [390, 320])
def test_the_pages_fit_a_phone_and_a_thumb(named_phone: Page, product: Product, width: int) -> None:
    phone, customer = named_phone, add_customer(product)
    phone.set_viewport_size({"width": width, "height": 844})
    sign_in(phone, customer)
    phone.wait_for_url("**/")
    phone.goto(f"{SECURITY}?needed=1")
    fits(phone)
    phone.goto(f"{SECURITY}/passkeys/new")
    fits(phone)
    phone.get_by_role("button", name="Create the passkey").tap()
    expect(phone.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    fits(phone)
    for path in (SECURITY, f"{SECURITY}/totp", f"{SECURITY}/recovery-codes"):
        phone.goto(path)
        fits(phone)
    phone.goto(SECURITY)
    phone.get_by_role("link", name="Passkey", exact=True).tap()
    expect(phone.get_by_role("heading", name="Passkey")).to_be_visible()
    fits(phone)
    phone.get_by_role("link", name="Remove this passkey").tap()
    expect(phone.get_by_role("heading", name="Remove it?")).to_be_visible()
    fits(phone)
    let_proofs_grow_old(product, customer)
    phone.goto(f"{SECURITY}/totp")
    phone.get_by_text("Use a recovery code").tap()
    fits(phone)
    sign_out(phone)
    sign_in(phone, customer)
    expect(phone.get_by_role("heading", name="One more step")).to_be_visible()
    fits(phone)
