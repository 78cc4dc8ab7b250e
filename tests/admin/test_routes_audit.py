"""Does the audit's room show all of it, and say when it was tampered with?"""

import re

from sqlalchemy import text

from nexus.accounts.audit import write_audit
from tests.admin.rooms import entries, room
from tests.website import Website


async def test_the_audit_is_paged_newest_first(website: Website) -> None:
    async with website.database.transaction() as tx:
        for number in range(105):
            await write_audit(tx, "tested", user_id=7, actor_id=None, number=number)
    async with room(website, "reader") as browser:
        page = (await browser.get("/admin/audit")).text
        assert page.index("number: 104") < page.index("number: 103")
        assert 0 < page.count("Tested</td>") < 105
        assert "Each one on this page is what was written" in page
        last = re.findall(r'name="before" value="([0-9]+)"', page)
        older = (await browser.get("/admin/audit", params={"before": last[0]})).text
    both = re.findall(r"number: ([0-9]+)", page + older)
    assert both == [str(number) for number in reversed(range(105))]
    assert 'name="before"' not in older


async def test_an_entry_says_in_words_what_was_done_and_by_whom(website: Website) -> None:
    ada = await website.add_person("ada@example.com")
    async with website.database.transaction() as tx:
        await write_audit(tx, "totp_added", user_id=ada, actor_id=ada)
    async with room(website, "reader") as browser:
        page = (await browser.get("/admin/audit")).text
    assert ">Authenticator app added</td>" in page
    assert page.count(f'href="/admin/people/{ada}">ada@example.com</a>') >= 2


async def test_a_changed_entry_is_named(website: Website) -> None:
    async with website.database.transaction() as tx:
        for number in range(3):
            await write_audit(tx, "tested", user_id=7, number=number)
    async with room(website, "reader") as browser:
        assert "nothing was changed" in (await browser.get("/admin/audit/check")).text
        async with website.database.transaction() as tx:
            # As somebody does who owns the database; its own guard does not hold them.
            await tx.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
            await tx.execute(text("UPDATE audit_log SET network = '192.0.2.1' WHERE id = 2"))
        page = (await browser.get("/admin/audit")).text
        assert "1 on this page is not what was written." in " ".join(page.split())
        assert page.count("Changed</span>") == 1
        check = (await browser.get("/admin/audit/check")).text
        assert "Entry 2 was changed: its hash is of other words." in check
        assert "nothing was changed" not in check
    found = [entry.detail["found"] for entry in await entries(website.database, "audit_checked")]
    assert found == [0, 1]
