"""Can a developer read the mails, and nobody anywhere else?"""

from typing import Any

import pytest

from nexus.core.db import Database
from nexus.mail.mailbox import MAILBOX, NEWEST, cut, mailbox_path, newest_mails
from nexus.mail.outbox import post
from tests.website import serve, settings_for

LINK = "http://127.0.0.1:8000/verify?token=abc"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"environment": "development"}, True),
        ({"environment": "test"}, False),
        ({"environment": "production", "base_url": "https://nexus.example"}, False),
        # Somebody forgot to say that this is production.
        ({"environment": "development", "base_url": "https://nexus.example"}, False),
    ],
)
async def test_the_page_is_there_in_development_only(
    database_url: str, redis_url: str, changes: dict[str, Any], *, shown: bool
) -> None:
    settings = settings_for(database_url, redis_url, **changes)
    assert (mailbox_path(settings) is not None) is shown
    async with serve(settings) as website, website.browser() as browser:
        async with website.database.transaction() as tx:
            await post(tx, "known_here", "ada@example.com", sign_in=LINK, forgot="<b>x</b>")
        answer = await browser.get(MAILBOX)
    assert answer.status_code == (200 if shown else 404)
    assert ("ada@example.com" in answer.text) is shown
    if shown:
        assert f'<a href="{LINK}">{LINK}</a>' in answer.text
        assert "<b>x</b>" not in answer.text


async def test_the_newest_come_first_and_not_all(database: Database) -> None:
    async with database.transaction() as tx:
        for number in range(NEWEST + 2):
            await post(tx, "known_here", f"{number}@example.com", sign_in="", forgot="")
    async with database.transaction() as tx:
        shown = [mail.to_address for mail in await newest_mails(tx)]
    assert shown[0] == f"{NEWEST + 1}@example.com"
    assert len(shown) == NEWEST


def test_links_are_told_from_text() -> None:
    assert cut(f"Open\n{LINK}\nnow") == (("Open\n", False), (LINK, True), ("\nnow", False))
    assert cut("") == ()
