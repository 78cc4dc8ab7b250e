"""Does somebody read what happened in their account, all of it, and nothing of anybody else's?"""

import re

from nexus.accounts.audit import write_audit
from nexus.accounts.queries import ENTRIES_AT_ONCE
from tests.website import Website

ADA, BEN = "ada@example.com", "ben@example.com"
PAGE = "/settings/activity"


async def test_what_happened_is_told_in_words(website: Website) -> None:
    ada, ben = await website.add_person(ADA), await website.add_person(BEN)
    async with website.database.transaction() as tx:
        await write_audit(
            tx, "sign_in_refused", user_id=ada, network="198.51.100.9", how="password", tries=3
        )
        await write_audit(tx, "totp_removed", user_id=ben, actor_id=ben, network="198.51.100.77")
        await write_audit(tx, "person_viewed", user_id=ada, actor_id=ben, network="198.51.100.88")
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        shown = (await browser.get(PAGE)).text
    assert "Sign-in refused, with the password, 3 times" in shown
    assert "from 198.51.100.9" in shown
    assert "Signed in, with the password" in shown
    assert "Your account was looked at, by our staff" in shown
    assert "Authenticator app removed" not in shown
    assert "198.51.100.77" not in shown, "that is Ben's"
    assert "198.51.100.88" not in shown, "where our staff sits is theirs"


async def test_older_entries_follow_page_by_page(website: Website) -> None:
    ada = await website.add_person(ADA)
    async with website.database.transaction() as tx:
        for number in range(2 * ENTRIES_AT_ONCE):
            await write_audit(tx, f"number_{number}_x", user_id=ada)
    seen: list[str] = []
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        address: str | None = PAGE
        while address:
            text = (await browser.get(address)).text
            seen += re.findall(r"Number (\d+) x", text)
            more = re.search(rf'href="({PAGE}\?before=\d+)"', text)
            address = more[1] if more else None
        assert "There is nothing older." in (await browser.get(f"{PAGE}?before=1")).text
    assert seen == [str(number) for number in reversed(range(2 * ENTRIES_AT_ONCE))]


async def test_a_page_that_is_none_is_refused(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        for before in ("x", "0", "-1", str(2**63)):
            assert (await browser.get(f"{PAGE}?before={before}")).status_code == 400, before
