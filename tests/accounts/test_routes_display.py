"""Does a choice of zone, format and currency hold on every page, and for nobody else?"""

import pytest
from sqlalchemy import select

from nexus.accounts.models import AuditEntry, User
from tests.website import Website

ADA, BOB = "ada@example.com", "bob@example.com"
PAGE = "/settings/display"
GERMAN = {
    "time_zone": "Europe/Berlin",
    "number_format": "de-DE",
    "display_currency": "BTC",
}


async def test_before_anything_was_chosen_all_is_as_it_stands_in_the_default(
    website: Website,
) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        page = (await browser.get(PAGE)).text
    assert 'value="UTC"' in page
    assert "All times are UTC." in page
    assert '<option value="en-GB"' in page


async def test_what_was_chosen_is_kept_written_down_once_and_in_force(website: Website) -> None:
    ada = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(PAGE)
        answer = await browser.send(PAGE, token, **(GERMAN | {"time_zone": " berlin "}))
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved=yes")
        page = (await browser.get(answer.headers["location"])).text
        assert "Saved, and in force now." in page
        assert "Times are those of Europe/Berlin." in page
        await browser.send(PAGE, token, **GERMAN)
        assert "display=de-DE%2CBTC%2CEurope/Berlin" in (await browser.get("/")).text
    async with website.database.transaction() as tx:
        user = (await tx.scalars(select(User).where(User.id == ada))).one()
        acts = list(await tx.scalars(select(AuditEntry.act)))
    kept = (user.time_zone, user.number_format, user.display_currency)
    assert kept == ("Europe/Berlin", "de-DE", "BTC")
    assert acts.count("display_changed") == 1, "the same again is no change"


async def test_nobody_else_sees_it_and_no_public_page(website: Website) -> None:
    await website.add_person(ADA)
    await website.add_person(BOB)
    async with website.browser() as hers, website.browser() as his:
        await hers.sign_in(ADA)
        await his.sign_in(BOB)
        await hers.send(PAGE, await hers.token(PAGE), **GERMAN)
        assert "Times are those of Europe/Berlin." in (await hers.get("/settings")).text
        assert "All times are UTC." in (await his.get("/settings")).text
        assert "All times are UTC." in (await hers.get("/status")).text


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("time_zone", "Atlantis"),
        ("time_zone", "../../etc/localtime"),
        ("time_zone", ""),
        ("number_format", "tlh"),
        ("display_currency", "DOGE"),
    ],
)
async def test_what_cannot_be_shown_is_refused_beside_its_field(
    website: Website, field: str, typed: str
) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(PAGE)
        answer = await browser.send(PAGE, token, **(GERMAN | {field: typed}))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert answer.text.count("-error") == 2, "the one mistake, and what points to it"
    if field == "time_zone":
        assert f'value="{typed}"' in answer.text, "what was typed is kept"
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(User.time_zone)) == "UTC"
