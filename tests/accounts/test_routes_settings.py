"""Do the settings lead where they say, and is a name kept as it was typed?"""

import re

import pytest
from sqlalchemy import select

from nexus.accounts.models import AuditEntry, User
from tests.website import Website

ADA = "ada@example.com"


async def test_every_setting_is_there(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        assert 'href="/settings"' in (await browser.get("/bots/new")).text
        links = set(re.findall(r'href="(/settings/[a-z]+)"', (await browser.get("/settings")).text))
        assert len(links) == 8
        for link in links:
            assert (await browser.get(link)).status_code == 200, link


async def test_a_name_is_kept_and_written_down(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token("/settings/profile")
        answer = await browser.send("/settings/profile", token, display_name="  Ada <b>L.</b> ")
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
        assert "Ada &lt;b&gt;L.&lt;/b&gt;" in (await browser.get("/settings")).text
        await browser.send("/settings/profile", token, display_name="Ada <b>L.</b>")
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(User.display_name)) == "Ada <b>L.</b>"
        acts = list(await tx.scalars(select(AuditEntry.act)))
    assert acts.count("name_changed") == 1, "the same name again is no change"


@pytest.mark.parametrize("name", ["x" * 81, "line\nbreak", "bell\x07"])
async def test_a_name_that_cannot_be_shown_is_refused_beside_its_field(
    website: Website, name: str
) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token("/settings/profile")
        answer = await browser.send("/settings/profile", token, display_name=name)
    assert answer.status_code == 422
    assert 'id="display_name-error"' in answer.text
    assert "autofocus" in answer.text
    assert name.split("\n", maxsplit=1)[0] in answer.text, "what was typed is kept"
