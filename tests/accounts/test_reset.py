"""Does a forgotten password cost its owner a mail, and an attacker everything?"""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from nexus.accounts import passwords
from nexus.accounts.links import make_link
from nexus.accounts.models import AuditEntry, EmailLink, User
from nexus.accounts.reset import ASKING_PER_ADDRESS
from nexus.core.clock import now
from tests.accounts.joining import ADA, mails, newest_mail
from tests.website import PASSWORD, Browser, Website

OWN = "another good password"


async def forget(browser: Browser, email: str = ADA) -> int:
    answer = await browser.send("/forgot", await browser.token("/forgot"), email=email)
    return answer.status_code


async def reset_link(website: Website, browser: Browser) -> tuple[str, str]:
    """Ask for a link: its path, and its token."""
    assert await forget(browser) == 303
    mail = await newest_mail(website, "reset")
    return mail.path, mail.token


async def reset(browser: Browser, path: str, token: str, password: str = OWN) -> tuple[int, str]:
    answer = await browser.send("/reset", await browser.token(path), token=token, password=password)
    return answer.status_code, answer.text


async def can_sign_in(website: Website, password: str) -> bool:
    async with website.browser() as browser:
        return (await browser.sign_in(ADA, password)).status_code == 303


async def test_a_new_password_by_mail_ends_every_session(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as elsewhere, website.browser() as browser:
        await elsewhere.sign_in(ADA)
        path, token = await reset_link(website, browser)
        assert (await reset(browser, path, token))[0] == 303
        assert (await elsewhere.get("/")).headers["location"].startswith("/sign-in")
        assert browser.cookie("session") == "", "a second factor is still asked for"
    assert await can_sign_in(website, OWN)
    assert not await can_sign_in(website, PASSWORD)
    mail = await newest_mail(website, "password_changed")
    assert mail.to_address == ADA
    async with website.database.transaction() as tx:
        entry = await tx.scalar(select(AuditEntry).where(AuditEntry.act == "password_reset"))
    assert entry is not None
    assert entry.detail == {"sessions_ended": 1}


async def test_known_unknown_and_disabled_are_one_answer(website: Website) -> None:
    await website.add_person(ADA)
    await website.add_person("disabled@example.com")
    async with website.database.transaction() as tx:
        who = User.email == "disabled@example.com"
        await tx.execute(update(User).where(who).values(disabled_at=now()))
    answers = set()
    for email in (ADA, "nobody@example.com", "disabled@example.com"):
        async with website.browser() as browser:
            token = await browser.token("/forgot")
            answer = await browser.send("/forgot", token, email=email)
            answers.add((answer.status_code, answer.headers["location"], answer.text))
    assert len(answers) == 1
    assert answers.pop()[:2] == (303, "/forgot/sent")
    assert [(mail.kind, mail.to_address) for mail in await mails(website)] == [
        ("reset", ADA), ("nobody_here", "nobody@example.com"),
        ("nobody_here", "disabled@example.com"),
    ]  # fmt: skip


async def test_opening_the_link_does_not_use_it_up(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        path, token = await reset_link(website, browser)
        for _ in range(2):
            assert "Choose a new password" in (await browser.get(path)).text
        assert (await reset(browser, path, token))[0] == 303


async def test_a_link_works_once(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as later:
        path, token = await reset_link(website, browser)
        csrf = await later.token(path)
        assert (await reset(browser, path, token))[0] == 303
        assert "This link is used up" in (await later.get(path)).text
        answer = await later.send("/reset", csrf, token=token, password=PASSWORD)
        assert answer.status_code == 422
        assert "This link is used up" in answer.text
    assert await can_sign_in(website, OWN)


async def test_an_old_link_is_worth_nothing(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        path, token = await reset_link(website, browser)
        csrf = await browser.token(path)
        async with website.database.transaction() as tx:
            await tx.execute(update(EmailLink).values(expires_at=now()))
        answer = await browser.send("/reset", csrf, token=token, password=OWN)
    assert answer.status_code == 422
    assert not await can_sign_in(website, OWN)


async def test_a_link_is_good_for_half_an_hour(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await forget(browser)
    async with website.database.transaction() as tx:
        link = await tx.scalar(select(EmailLink))
    assert link is not None
    assert link.expires_at - link.created_at == timedelta(minutes=30)


async def test_every_other_link_ends_but_the_way_back(website: Website) -> None:
    ada = await website.add_person(ADA)
    async with website.database.transaction() as tx:
        for purpose in ("reset", "change_from", "change_to", "undo"):
            await make_link(tx, ada, purpose, ADA, good_for=timedelta(hours=1))
    async with website.browser() as browser:
        await reset(browser, *await reset_link(website, browser))
    async with website.database.transaction() as tx:
        open_links = select(EmailLink.purpose).where(EmailLink.used_at.is_(None))
        assert list(await tx.scalars(open_links)) == ["undo"]


async def test_a_link_of_another_purpose_resets_nothing(website: Website) -> None:
    ada = await website.add_person(ADA)
    async with website.database.transaction() as tx:
        token = await make_link(tx, ada, "change_to", ADA, good_for=timedelta(hours=1))
    async with website.browser() as browser:
        csrf = await browser.token("/forgot")
        answer = await browser.send("/reset", csrf, token=token, password=OWN)
    assert answer.status_code == 422
    assert not await can_sign_in(website, OWN)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [("short", "12 to 128"), ("qwertyuiop12", "attackers try first"), ("x" * 129, "12 to 128")],
)
async def test_a_password_that_may_not_be_used_leaves_the_link_good(
    website: Website, password: str, sentence: str
) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        path, token = await reset_link(website, browser)
        status, text = await reset(browser, path, token, password)
        assert status == 422
        assert sentence in text
        assert password not in text
        assert (await reset(browser, path, token))[0] == 303


async def test_a_made_up_link_costs_no_hash(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_password: str) -> str:
        raise AssertionError("hashed for nobody")

    async with website.browser() as browser:
        csrf = await browser.token("/forgot")
        monkeypatch.setattr(passwords, "HASHER", type("None", (), {"hash": refuse})())
        answer = await browser.send("/reset", csrf, token="A" * 43, password=OWN)
    assert answer.status_code == 422


async def test_the_address_counts_as_read(website: Website) -> None:
    await website.add_person(ADA)
    async with website.database.transaction() as tx:
        await tx.execute(update(User).values(email_verified_at=None))
    async with website.browser() as browser:
        await reset(browser, *await reset_link(website, browser))
    assert await can_sign_in(website, OWN)


async def test_nobodys_mailbox_is_flooded(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        for _ in range(ASKING_PER_ADDRESS.limit):
            assert await forget(browser) == 303
        assert await forget(browser) == 429
        assert await forget(browser, "other@example.com") == 303


async def test_what_is_no_address_is_said_so(website: Website) -> None:
    async with website.browser() as browser:
        answer = await browser.send("/forgot", await browser.token("/forgot"), email="ada")
    assert answer.status_code == 422
    assert "Write a whole e-mail address" in answer.text
    assert 'value="ada"' in answer.text


async def test_the_link_names_the_configured_site_never_the_host(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        token = await browser.token("/forgot")
        await browser.http.post(
            "/forgot",
            data={"email": ADA, "csrf_token": token},
            headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
        )
    assert "evil" not in (await newest_mail(website, "reset")).body
