"""Does changing the password need the old one, and does it shut everybody else out?"""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from nexus.accounts.change_password import PER_PERSON
from nexus.accounts.links import make_link
from nexus.accounts.models import AuditEntry, EmailLink, KnownBrowser, Session, User
from nexus.core.clock import now
from tests.accounts.joining import ADA, newest_mail
from tests.website import PASSWORD, Browser, Website

NEW = "another good password"
PAGE = "/settings/password"


async def change(browser: Browser, current: str = PASSWORD, password: str = NEW) -> tuple[int, str]:
    answer = await browser.send(PAGE, await browser.token(PAGE), current=current, password=password)
    return answer.status_code, answer.headers.get("location", answer.text)


async def can_sign_in(website: Website, password: str) -> bool:
    async with website.browser() as browser:
        return (await browser.sign_in(ADA, password)).status_code == 303


async def test_the_password_changes_and_everybody_else_is_out(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as thief, website.browser() as copy:
        await browser.sign_in(ADA)
        await thief.sign_in(ADA)
        old = browser.cookie("session")
        copy.http.cookies.set("nexus-session", old)
        assert await change(browser) == (303, f"{PAGE}?changed=1")
        assert browser.cookie("session") != old, "a copied cookie must not live on"
        assert "Your password is changed." in (await browser.get(f"{PAGE}?changed=1")).text
        for other in (thief, copy):
            assert (await other.get("/")).headers["location"].startswith("/sign-in")
    assert await can_sign_in(website, NEW)
    assert not await can_sign_in(website, PASSWORD)
    assert (await newest_mail(website, "password_changed")).to_address == ADA
    async with website.database.transaction() as tx:
        entry = await tx.scalar(select(AuditEntry).where(AuditEntry.act == "password_changed"))
    assert entry is not None
    assert entry.detail == {"sessions_ended": 1}


async def test_the_same_password_is_no_change_and_an_empty_one_no_try(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        status, text = await change(browser, password=PASSWORD)
        assert status == 422
        assert "This is your password already. Choose another one." in text
        assert 'id="password-error"' in text
        for _ in range(PER_PERSON.limit):
            status, text = await change(browser, current="")
            assert (status, "Write your password." in text) == (422, True)


async def test_the_old_password_must_be_known(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        status, text = await change(browser, current="a wrong password")
    assert status == 422
    assert "This is not your password so far." in text
    assert "a wrong password" not in text
    assert NEW not in text
    assert await can_sign_in(website, PASSWORD)


@pytest.mark.parametrize(
    ("password", "sentence"), [("short", "12 to 128"), ("qwertyuiop12", "attackers try first")]
)
async def test_a_bad_password_is_refused_beside_its_field(
    website: Website, password: str, sentence: str
) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        status, text = await change(browser, password=password)
    assert status == 422
    assert sentence in text
    assert 'id="password-error"' in text


async def test_an_old_proof_is_not_enough(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(PAGE)
        async with website.database.transaction() as tx:
            await tx.execute(update(Session).values(proven_at=now() - timedelta(minutes=6)))
        for answer in (
            await browser.get(PAGE),
            await browser.send(PAGE, token, current=PASSWORD, password=NEW),
        ):
            assert answer.headers["location"] == "/prove?next=%2Fsettings%2Fpassword"
    assert await can_sign_in(website, PASSWORD)


async def test_guessing_the_old_password_is_stopped(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        for _ in range(PER_PERSON.limit):
            assert (await change(browser, current="a wrong password"))[0] == 422
        assert (await change(browser))[0] == 429
    assert await can_sign_in(website, PASSWORD)


async def test_somebody_without_a_password_may_choose_one(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        async with website.database.transaction() as tx:
            await tx.execute(update(User).values(password_hash=None))
        assert "Password so far" not in (await browser.get(PAGE)).text
        assert (await change(browser, current=""))[0] == 303
    assert await can_sign_in(website, NEW)


async def test_open_links_and_other_known_browsers_end(website: Website) -> None:
    ada = await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as elsewhere:
        await elsewhere.sign_in(ADA)
        await browser.sign_in(ADA)
        async with website.database.transaction() as tx:
            for purpose in ("reset", "change_to", "undo"):
                await make_link(tx, ada, purpose, ADA, good_for=timedelta(hours=1))
        await change(browser)
    async with website.database.transaction() as tx:
        open_links = select(EmailLink.purpose).where(EmailLink.used_at.is_(None))
        assert list(await tx.scalars(open_links)) == ["undo"]
        assert len(list(await tx.scalars(select(KnownBrowser.id)))) == 1
