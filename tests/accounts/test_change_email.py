"""Does an address move only when both mailboxes agree, and can the old one take it back?"""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from nexus.accounts.change_email import CHANGE_GOOD_FOR, UNDO_GOOD_FOR
from nexus.accounts.held import rows_about, table_of
from nexus.accounts.models import AuditEntry, EmailLink, Passkey, Session, User
from nexus.core.clock import now
from tests.accounts.joining import ADA, Mail, mails
from tests.website import PASSWORD, Browser, Website

NEW = "countess@example.com"
PAGE = "/settings/email"


async def ask(browser: Browser, email: str = NEW) -> int:
    return (await browser.send(PAGE, await browser.token(PAGE), email=email)).status_code


async def last(website: Website, kind: str) -> Mail:
    return [mail for mail in await mails(website) if mail.kind == kind][-1]


async def press(website: Website, mail: Mail) -> tuple[int, str]:
    """Open a mail's link in a browser of its own, and press the button."""
    async with website.browser() as mailbox:
        path = mail.path.partition("?")[0]
        answer = await mailbox.send(path, await mailbox.token(mail.path), token=mail.token)
        return answer.status_code, answer.text


async def email_of(website: Website) -> tuple[str, str]:
    async with website.database.transaction() as tx:
        row = (await tx.execute(select(User.email, User.email_key).order_by(User.id))).first()
    assert row is not None
    return row.email, row.email_key


async def move(website: Website) -> None:
    """Move Ada to her new address, all the way."""
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        assert await ask(browser) == 303
        await press(website, await last(website, "change_to"))
        await press(website, await last(website, "change_from"))
        assert (await browser.get("/")).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("order", [("change_to", "change_from"), ("change_from", "change_to")])
async def test_both_mailboxes_must_agree(website: Website, order: tuple[str, str]) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await ask(browser)
    status, text = await press(website, await last(website, order[0]))
    assert status == 200
    assert "One more mail" in text
    assert (await email_of(website))[0] == ADA, "one alone changes nothing"
    status, text = await press(website, await last(website, order[1]))
    assert "Your address is changed" in text
    assert (await email_of(website))[0] == NEW


async def test_the_change_signs_out_everywhere_and_tells_the_old_address(website: Website) -> None:
    await move(website)
    assert await email_of(website) == (NEW, NEW)
    told = await last(website, "email_changed")
    assert told.to_address == ADA
    assert NEW in told.body
    async with website.browser() as browser:
        assert (await browser.sign_in(ADA)).status_code == 422
        assert (await browser.sign_in(NEW)).status_code == 303
    async with website.database.transaction() as tx:
        acts = list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))
    assert acts.index("email_change_asked") < acts.index("email_changed")


async def test_mails_to_an_address_that_was_left_stay_with_who_left_it(website: Website) -> None:
    """They are in her download, are erased with her, and are nothing of the next owner's."""
    await move(website)
    next_owner = await website.add_person(ADA)
    async with website.database.transaction() as tx:
        mails, ada = table_of("mail_outbox"), await tx.scalar(select(func.min(User.id)))
        assert ada is not None
        about = rows_about("mail_outbox", ada, NEW)
        hers = sorted(await tx.scalars(select(mails.c.kind).where(about)))
        about = rows_about("mail_outbox", next_owner, ADA)
        assert (await tx.scalars(select(mails.c.kind).where(about))).all() == []
    assert hers == ["change_from", "change_to", "email_changed"]


async def test_opening_a_link_changes_nothing(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as scanner:
        await browser.sign_in(ADA)
        await ask(browser)
        for kind in ("change_to", "change_from"):
            assert (await scanner.get((await last(website, kind)).path)).status_code == 200
    assert (await email_of(website))[0] == ADA


async def test_the_same_mailbox_twice_is_once(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await ask(browser)
        mail = await last(website, "change_to")
        async with website.browser() as mailbox:
            csrf = await mailbox.token(mail.path)
            statuses = [
                (await mailbox.send("/email/confirm", csrf, token=mail.token)).status_code
                for _ in range(2)
            ]
    assert statuses == [200, 422]
    assert (await email_of(website))[0] == ADA


async def test_silence_of_the_other_mailbox_is_no_agreement(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await ask(browser)
    async with website.database.transaction() as tx:
        silent = EmailLink.purpose == "change_from"
        await tx.execute(update(EmailLink).where(silent).values(expires_at=now()))
    assert "One more mail" in (await press(website, await last(website, "change_to")))[1]
    assert (await email_of(website))[0] == ADA


async def test_an_ask_before_the_last_one_ends(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await ask(browser, "first@example.com")
        first = await last(website, "change_to")
        await ask(browser)
        async with website.browser() as mailbox:
            page = await mailbox.get(first.path)
            assert "This link is used up" in page.text


async def test_an_address_of_somebody_else_gives_the_same_answer_and_no_link(
    website: Website,
) -> None:
    await website.add_person(ADA)
    await website.add_person(NEW)
    answers = []
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        for email in (NEW, "free@example.com"):
            answer = await browser.send(PAGE, await browser.token(PAGE), email=email)
            answers.append((answer.status_code, answer.headers["location"], answer.text))
    assert answers[0] == answers[1]
    sent = [(mail.kind, mail.to_address) for mail in await mails(website)]
    assert sent == [
        ("change_known", NEW), ("change_from", ADA), ("change_to", "free@example.com"),
        ("change_from", ADA),
    ]  # fmt: skip


async def test_an_address_taken_meanwhile_changes_nothing(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await ask(browser)
    await press(website, await last(website, "change_to"))
    await website.add_person(NEW)
    status, text = await press(website, await last(website, "change_from"))
    assert status == 422
    assert "has an account of its own meanwhile" in text
    assert (await email_of(website))[0] == ADA


async def test_the_old_address_takes_it_back(website: Website) -> None:
    await move(website)
    async with website.browser() as thief:
        await thief.sign_in(NEW)
        status, text = await press(website, await last(website, "email_changed"))
        assert status == 200
        assert "Your address is back" in text
        assert (await thief.get("/")).headers["location"].startswith("/sign-in")
        assert (await thief.sign_in(ADA)).status_code == 422, "the password may be known"
    assert (await email_of(website))[0] == ADA
    mail = await last(website, "email_undone")
    assert mail.to_address == ADA
    async with website.browser() as owner:
        csrf = await owner.token(mail.path)
        await owner.send("/reset", csrf, token=mail.token, password="an owner's password")
        assert (await owner.sign_in(ADA, "an owner's password")).status_code == 303


async def test_the_way_back_outlives_further_moves_and_a_new_password(website: Website) -> None:
    await move(website)
    back = await last(website, "email_changed")
    async with website.browser() as thief:
        await thief.sign_in(NEW)
        await thief.send(
            "/settings/password", await thief.token("/settings/password"),
            current=PASSWORD, password="the thief's password",
        )  # fmt: skip
        await ask(thief, "thief@example.com")
        await press(website, await last(website, "change_to"))
        await press(website, await last(website, "change_from"))
        assert (await email_of(website))[0] == "thief@example.com"
        thiefs_back = await last(website, "email_changed")
        await press(website, back)
        assert (await email_of(website))[0] == ADA
        assert (await thief.sign_in(ADA, "the thief's password")).status_code == 422
        page = await thief.get(thiefs_back.path)
        assert "This link is used up" in page.text


async def test_what_was_added_since_is_removed_and_what_was_there_stays(website: Website) -> None:
    await move(website)
    async with website.database.transaction() as tx:
        user_id = await tx.scalar(select(User.id))
        for name, added in (("old", now() - 2 * CHANGE_GOOD_FOR), ("the thief's", now())):
            tx.add(
                Passkey(
                    user_id=user_id, credential_id=name.encode(), public_key=b"", sign_count=0,
                    transports=[], name=name, created_at=added,
                )
            )  # fmt: skip
    await press(website, await last(website, "email_changed"))
    async with website.database.transaction() as tx:
        assert list(await tx.scalars(select(Passkey.name))) == ["old"]


async def test_the_way_back_is_open_for_a_week(website: Website) -> None:
    await move(website)
    async with website.database.transaction() as tx:
        link = await tx.scalar(select(EmailLink).where(EmailLink.purpose == "undo"))
    assert link is not None
    assert link.expires_at - link.created_at == UNDO_GOOD_FOR == timedelta(days=7)


async def test_an_old_proof_is_not_enough(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(PAGE)
        async with website.database.transaction() as tx:
            await tx.execute(update(Session).values(proven_at=now() - timedelta(minutes=6)))
        answer = await browser.send(PAGE, token, email=NEW)
    assert answer.headers["location"] == "/prove?next=%2Fsettings%2Femail"
    assert await mails(website) == []


async def test_what_is_no_new_address_is_said_so(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        for email, sentence in ((ADA, "This is your address already."), ("x", "Write a whole")):
            answer = await browser.send(PAGE, await browser.token(PAGE), email=email)
            assert answer.status_code == 422
            assert sentence in answer.text


async def test_the_page_says_which_change_waits_and_calls_it_off(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        assert "A change waits" not in (await browser.get(PAGE)).text
        await ask(browser)
        page = (await browser.get(f"{PAGE}?sent=1")).text
        assert f'Your address becomes <strong class="address">{NEW}</strong>' in page
        assert page.count("not confirmed yet") == 2
        old_mail, new_mail = await last(website, "change_from"), await last(website, "change_to")
        await press(website, new_mail)
        assert (await browser.get(PAGE)).text.count("not confirmed yet") == 1
        answer = await browser.send(f"{PAGE}/cancel", await browser.token(PAGE))
        assert answer.headers["location"] == f"{PAGE}?called=off"
        page = (await browser.get(f"{PAGE}?called=off")).text
        assert "The change is called off." in page
        assert "A change waits" not in page
        assert "This link is used up" in (await browser.get(old_mail.path)).text
    assert (await email_of(website))[0] == ADA
    async with website.database.transaction() as tx:
        acts = list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))
    assert acts[-1] == "email_change_called_off"


async def test_every_page_of_the_way_has_a_way_on(website: Website) -> None:
    await move(website)
    undo = await last(website, "email_changed")
    async with website.browser() as stranger:
        assert "No, keep the new address" in (await stranger.get(undo.path)).text
        wrong = (await stranger.get("/email/undo?token=wrong")).text
        assert "It takes a change of address back once, within seven days." in wrong
        assert 'href="/forgot"' in wrong
        assert "No, keep" not in wrong
        other = (await stranger.get("/email/confirm?token=wrong")).text
        assert "within seven days" not in other
        assert 'href="/settings/email"' in other
    _, text = await press(website, undo)
    assert 'href="/forgot"' in text
    told = await last(website, "email_undone")
    assert "was\nbarred" in told.body
    assert "forgot the password" not in told.body
