"""Can people get in and out, with a thumb or with a keyboard alone?"""

from playwright.async_api import expect

from e2e.conftest import Phone
from e2e.moves import sign_in
from e2e.product import Product


async def test_a_wrong_password_says_what_to_do(phone: Phone, product: Product) -> None:
    page = await phone(signed_in=False)
    await page.goto("/sign-in")
    await sign_in(page, product.email, "not the password")
    alert = page.get_by_role("alert")
    await expect(alert).to_have_text("E-mail or password is wrong. Check both and try again.")
    await expect(page.locator("#email")).to_have_value(product.email)
    await expect(page.locator("#password")).to_have_value("")
    await sign_in(page, product.email, product.password)
    await expect(page).to_have_title("Your bots · Nexus")


async def test_with_the_keyboard_alone(phone: Phone, product: Product) -> None:
    page = await phone(signed_in=False)
    await page.goto("/bots/new")
    await expect(page.locator("#email")).to_be_focused()
    await page.keyboard.type(product.email)
    await page.keyboard.press("Tab")
    await expect(page.locator("#password")).to_be_focused()
    await page.keyboard.type(product.password)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/bots/new")
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("main a.back")).to_be_focused()


async def test_signing_out(phone: Phone, product: Product) -> None:
    page = await phone(signed_in=False)
    await page.goto("/sign-in")
    await sign_in(page, product.email, product.password)
    await page.locator("summary").filter(has_text="Menu").tap()
    await page.get_by_role("button", name="Sign out").tap()
    await page.wait_for_url("**/sign-in")
    await page.goto("/")
    assert page.url.endswith("/sign-in")
    await page.go_back()
    await expect(page.get_by_text("Value of your bots")).to_be_hidden()
