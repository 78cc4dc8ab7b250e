"""What do people do on every journey? Sign in, and notice whether the page was loaded anew."""

from playwright.async_api import Page

PATIENCE_MS = 120_000
"""How long a market of the demo may take to bring what a journey waits for."""


async def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in the form that is shown, and press its button."""
    await page.fill("#email", email)
    await page.fill("#password", password)
    await page.get_by_role("button", name="Sign in").click()


async def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe away."""
    await page.evaluate("window.nexusMark = true")


async def is_marked(page: Page) -> bool:
    """Say whether this is still the very page that was marked."""
    return bool(await page.evaluate("window.nexusMark === true"))
