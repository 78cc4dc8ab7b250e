"""How do tests join? They sign up on the page, and read the mails that are owed."""

import re
from dataclasses import dataclass

import httpx
from sqlalchemy import select

from nexus.accounts.consent import today
from nexus.mail.models import OutgoingMail
from tests.website import PASSWORD, Browser, Website

ADA = "ada@example.com"


@dataclass(frozen=True)
class Mail:
    """A mail that was owed to somebody."""

    kind: str
    to_address: str
    subject: str
    body: str

    @property
    def code(self) -> str:
        found = re.search(r"^ +(\d{4} \d{4})$", self.body, re.MULTILINE)
        assert found, self.body
        return found[1]

    @property
    def path(self) -> str:
        """Give the link's path and query, without the site it names."""
        found = re.search(r"^http://127\.0\.0\.1:8000(/\S+\?token=\S+)$", self.body, re.MULTILINE)
        assert found, self.body
        return found[1]

    @property
    def token(self) -> str:
        return self.path.partition("token=")[2]


async def mails(website: Website) -> list[Mail]:
    """Read all mails, the oldest first."""
    async with website.database.transaction() as tx:
        rows = await tx.scalars(select(OutgoingMail).order_by(OutgoingMail.id))
        return [Mail(row.kind, row.to_address, row.subject, row.body) for row in rows]


async def newest_mail(website: Website, kind: str) -> Mail:
    """Read the newest mail, which must be of this kind."""
    mail = (await mails(website))[-1]
    assert mail.kind == kind
    return mail


async def ask_to_join(
    browser: Browser, email: str = ADA, password: str = PASSWORD, **fields: str
) -> httpx.Response:
    """Send the sign-up form, all boxes ticked."""
    token = await browser.token("/sign-up")
    form = {"email": email, "password": password, **today(), **fields}
    return await browser.send("/sign-up", token, **form)


async def write_code(browser: Browser, code: str) -> httpx.Response:
    return await browser.send("/sign-up/check", await browser.token("/sign-up/check"), code=code)


async def join(website: Website, browser: Browser, email: str = ADA) -> None:
    """Sign up and confirm, so that this browser is signed in."""
    await ask_to_join(browser, email)
    answer = await write_code(browser, (await newest_mail(website, "verify")).code)
    assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
