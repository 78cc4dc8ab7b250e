"""Does somebody who has never been here run a paper bot within a minute, on a phone?"""

import re
import time
from itertools import count

from playwright.sync_api import Page, expect

from e2e.test_pages import TOO_WIDE, missed_by_thumbs

PASSWORD = "seven quiet herons wading"  # noqa: S105  of somebody who is made up
PATIENCE_SECONDS = 60
numbers = count(1)


def newcomer() -> str:
    return f"newcomer-{next(numbers)}-{time.time_ns()}@nexus.example"


def ask_to_join(page: Page, email: str) -> None:
    """Fill in the form as somebody does who came by the sign-in page."""
    page.goto("/sign-in")
    page.get_by_role("link", name="Create an account").tap()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("I accept the terms of use").check()
    page.get_by_label("I have read the risk disclosure").check()
    page.get_by_role("button", name="Create account").tap()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()


def code_of(page: Page, email: str) -> str:
    """Read the code in the mailbox, in a tab of its own as on a phone."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Read it in the mailbox").tap()
    mailbox = opened.value
    mail = mailbox.locator("#mails > li", has_text=email).first
    found = re.search(r"\d{4} \d{4}", mail.inner_text())
    assert found
    mailbox.close()
    return found[0]


def start_a_bot(page: Page) -> None:
    page.get_by_role("link", name="Start a bot").tap()
    page.get_by_label("Amount", exact=True).fill("250")
    page.get_by_role("button", name="Create and start").tap()
    page.wait_for_url(re.compile(r"/bots/\d+$"))
    expect(page.locator("article.bot")).to_contain_text("Running")
    page.goto("/")
    expect(page.locator("#bot-list article")).to_have_count(1)


def test_from_nothing_to_a_paper_bot_within_a_minute(phone: Page) -> None:
    email = newcomer()
    started = time.monotonic()
    ask_to_join(phone, email)
    phone.get_by_label("Code").fill(code_of(phone, email))
    phone.get_by_role("button", name="Go on").tap()
    expect(phone.get_by_role("heading", name="First steps")).to_be_visible()
    start_a_bot(phone)
    took = time.monotonic() - started
    assert took < PATIENCE_SECONDS
    steps = phone.locator("#checklist .step")
    expect(steps.nth(0)).to_contain_text("Done")
    expect(steps.nth(1)).to_contain_text("Done")
    phone.get_by_role("button", name="Skip Add a second factor").tap()
    expect(phone.locator("#checklist .step").nth(2)).to_contain_text("Skipped")


def test_the_same_without_scripts(plain_phone: Page) -> None:
    email = newcomer()
    ask_to_join(plain_phone, email)
    plain_phone.get_by_label("Code").fill(code_of(plain_phone, email))
    plain_phone.get_by_role("button", name="Go on").tap()
    start_a_bot(plain_phone)


def test_the_link_signs_in_too(phone: Page) -> None:
    email = newcomer()
    ask_to_join(phone, email)
    phone.goto("/development/mail")
    phone.locator("#mails > li", has_text=email).first.get_by_role("link").tap()
    phone.get_by_role("button", name="Confirm and sign in").tap()
    expect(phone.get_by_role("heading", name="First steps")).to_be_visible()


def test_mistakes_are_said_beside_the_field_and_the_first_has_the_focus(phone: Page) -> None:
    phone.goto("/sign-up")
    phone.get_by_label("E-mail").fill("ada@example.com")
    phone.get_by_label("Password", exact=True).fill("qwertyuiop12")
    phone.get_by_label("I accept the terms of use").check()
    phone.get_by_label("I have read the risk disclosure").check()
    phone.get_by_role("button", name="Create account").tap()
    expect(phone.locator("#password-error")).to_contain_text("attackers try first")
    expect(phone.get_by_label("Password", exact=True)).to_be_focused()
    expect(phone.get_by_label("Password", exact=True)).to_have_value("")
    expect(phone.get_by_label("E-mail")).to_have_value("ada@example.com")
    expect(phone.get_by_label("I accept the terms of use")).to_be_checked()


def test_a_password_can_be_looked_at_and_pasted(phone: Page) -> None:
    phone.goto("/sign-up")
    password = phone.get_by_label("Password", exact=True)
    password.fill(PASSWORD)
    expect(password).to_have_attribute("type", "password")
    phone.get_by_role("button", name="Show the password").tap()
    expect(password).to_have_attribute("type", "text")
    phone.get_by_role("button", name="Hide the password").tap()
    expect(password).to_have_attribute("type", "password")
    email = phone.get_by_label("E-mail")
    email.fill("copied words")
    email.press("ControlOrMeta+a")
    email.press("ControlOrMeta+c")
    password.fill("")
    password.press("ControlOrMeta+v")
    expect(password).to_have_value("copied words")


def test_the_pages_fit_the_smallest_phone_and_a_thumb(phone: Page) -> None:
    for width in (390, 320):
        phone.set_viewport_size({"width": width, "height": 844})
        for path in ("/sign-up", "/forgot", "/terms", "/risk", "/development/mail"):
            phone.goto(path)
            assert phone.evaluate(TOO_WIDE) <= 0, path
            assert [found for found in missed_by_thumbs(phone) if "checkbox" not in found] == []


def test_a_forgotten_password_is_replaced_by_mail(phone: Page) -> None:
    email = newcomer()
    ask_to_join(phone, email)
    phone.get_by_label("Code").fill(code_of(phone, email))
    phone.get_by_role("button", name="Go on").tap()
    phone.locator("summary.menu__button").tap()
    phone.get_by_role("button", name="Sign out").tap()
    phone.get_by_role("link", name="Forgot your password?").tap()
    phone.get_by_label("E-mail").fill(email)
    phone.get_by_role("button", name="Send the link").tap()
    expect(phone.get_by_role("heading", name="Check your mail")).to_be_visible()
    phone.goto("/development/mail")
    phone.locator("#mails > li", has_text=email).first.get_by_role("link").tap()
    phone.get_by_label("New password").fill("nine loud geese marching")
    phone.get_by_role("button", name="Change the password").tap()
    phone.get_by_role("link", name="Sign in").tap()
    phone.get_by_label("E-mail").fill(email)
    phone.get_by_label("Password", exact=True).fill("nine loud geese marching")
    phone.get_by_role("button", name="Sign in", exact=True).tap()
    expect(phone.get_by_role("heading", name="First steps")).to_be_visible()
