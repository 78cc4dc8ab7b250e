"""Does only the reader of the mail become a person, and with a password of their own?"""

import pytest
from sqlalchemy import func, select

from nexus.accounts.consent import today
from nexus.accounts.models import AuditEntry, Consent, User
from nexus.accounts.sign_up import TRIES
from nexus.billing.models import Entitlement
from nexus.exchanges.models import ExchangeAccount, PaperBalance
from tests.accounts.joining import ADA, ask_to_join, join, newest_mail, write_code
from tests.website import PASSWORD, Browser, Website

OWN = "another good password"


async def everybody(website: Website) -> list[User]:
    async with website.database.transaction() as tx:
        return list(await tx.scalars(select(User)))


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/sign-in")).status_code == 303


@pytest.mark.parametrize("between", ["", " ", "-"])
async def test_the_code_makes_the_person_and_signs_them_in(website: Website, between: str) -> None:
    async with website.browser() as browser:
        await ask_to_join(browser)
        code = (await newest_mail(website, "verify")).code.replace(" ", between)
        answer = await write_code(browser, code)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert await is_in(browser)
    (ada,) = await everybody(website)
    assert (ada.email, ada.role) == (ADA, "trader")
    assert ada.email_verified_at is not None
    async with website.browser() as elsewhere:
        assert (await elsewhere.sign_in(ADA)).status_code == 303


async def test_a_new_person_can_begin_at_once(website: Website) -> None:
    async with website.browser() as browser:
        await join(website, browser)
    (ada,) = await everybody(website)
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(Entitlement.tier)) == "starter"
        account = await tx.scalar(select(ExchangeAccount))
        assert account is not None
        assert (account.user_id, account.venue) == (ada.id, "paper")
        balance = await tx.scalar(select(PaperBalance))
        assert balance is not None
        assert (balance.asset, balance.free) == ("USDT", 10_000)


async def test_what_was_accepted_is_kept_with_its_version(website: Website) -> None:
    async with website.browser() as browser:
        await join(website, browser)
    async with website.database.transaction() as tx:
        consents = list(await tx.scalars(select(Consent)))
        acts = list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))
    assert {consent.document: consent.version for consent in consents} == today()
    assert {consent.network for consent in consents} == {"127.0.0.1"}
    assert acts == ["signed_up", "email_verified", "signed_in", "consent_given", "consent_given"]


async def test_a_wrong_code_is_counted_and_the_right_one_is_then_too_late(
    website: Website,
) -> None:
    async with website.browser() as browser:
        await ask_to_join(browser)
        right = (await newest_mail(website, "verify")).code
        wrong = "1111 1111" if right != "1111 1111" else "2222 2222"
        for _ in range(TRIES):
            answer = await write_code(browser, wrong)
            assert answer.status_code == 422
            assert "This code is not right." in answer.text
            assert f'value="{wrong}"' in answer.text, "what was typed stays"
        answer = await write_code(browser, right)
        assert answer.status_code == 422
        assert "Have a new mail sent" in answer.text
        assert not await is_in(browser)
        # The way on is another mail.
        await browser.send("/sign-up/again", await browser.token("/sign-up/check"))
        fresh = (await newest_mail(website, "verify")).code
        assert (await write_code(browser, fresh)).status_code == 303


@pytest.mark.parametrize("code", ["", "1", "x" * 8, "1" * 9, "١٢٣٤٥٦٧٨", "12345678\x00"])
async def test_what_is_no_code_is_refused(website: Website, code: str) -> None:
    async with website.browser() as browser:
        await ask_to_join(browser)
        answer = await write_code(browser, code)
    assert answer.status_code in {422, 400}
    assert await everybody(website) == []


async def test_the_code_counts_in_the_browser_of_the_sign_up_only(website: Website) -> None:
    async with website.browser() as browser, website.browser() as thief:
        await ask_to_join(browser)
        code = (await newest_mail(website, "verify")).code
        token = await thief.token("/sign-up")
        answer = await thief.send("/sign-up/check", token, code=code)
        assert answer.headers["location"] == "/sign-up"
        # Not even after asking for an address of their own.
        await ask_to_join(thief, "thief@example.com")
        assert (await write_code(thief, code)).status_code == 422
    assert await everybody(website) == []


async def test_opening_the_link_changes_nothing_pressing_the_button_does(website: Website) -> None:
    async with website.browser() as browser, website.browser() as scanner:
        await ask_to_join(browser)
        mail = await newest_mail(website, "verify")
        for visitor in (scanner, browser):
            page = await visitor.get(mail.path)
            assert page.status_code == 200
            assert ADA in page.text
        assert await everybody(website) == []
        answer = await browser.send("/verify", await browser.token(mail.path), token=mail.token)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert await is_in(browser)


async def test_a_link_works_once(website: Website) -> None:
    async with website.browser() as browser, website.browser() as later:
        await ask_to_join(browser)
        mail = await newest_mail(website, "verify")
        token = await browser.token(mail.path)
        csrf = await later.token("/sign-up")
        assert (await browser.send("/verify", token, token=mail.token)).status_code == 303
        assert "This link is used up" in (await later.get(mail.path)).text
        answer = await later.send("/verify", csrf, token=mail.token, password=OWN, **today())
        assert answer.status_code == 422
        assert not await is_in(later)


async def test_a_password_that_a_stranger_typed_never_counts(website: Website) -> None:
    """The owner opens a link they did not ask for: the stranger must gain nothing."""
    async with website.browser() as stranger, website.browser() as owner:
        await ask_to_join(stranger, password="the stranger's choice")
        mail = await newest_mail(website, "verify")
        csrf = await owner.token(mail.path)
        answer = await owner.send("/verify", csrf, token=mail.token)
        assert answer.status_code == 422, "elsewhere the button alone does not do"
        answer = await owner.send("/verify", csrf, token=mail.token, password=OWN, **today())
        assert answer.status_code == 303
        assert await is_in(owner)
        answer = await stranger.sign_in(ADA, "the stranger's choice")
        assert answer.status_code == 422
        # The wish is granted, so the code in the stranger's browser leads nowhere either.
        assert (await stranger.get("/sign-up/check")).headers["location"] == "/sign-up"
    async with website.browser() as elsewhere:
        assert (await elsewhere.sign_in(ADA, OWN)).status_code == 303


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password": "short"}, "Choose a password of 12 to 128"),
        ({"risk": ""}, "Accept the risk disclosure"),
    ],
)
async def test_elsewhere_the_password_and_the_documents_are_asked_for(
    website: Website, fields: dict[str, str], sentence: str
) -> None:
    async with website.browser() as browser, website.browser() as elsewhere:
        await ask_to_join(browser)
        mail = await newest_mail(website, "verify")
        form = {"token": mail.token, "password": OWN, **today(), **fields}
        answer = await elsewhere.send("/verify", await elsewhere.token(mail.path), **form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert form["password"] not in answer.text
    assert await everybody(website) == []


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é\U0001f600"])
async def test_a_made_up_link_leads_nowhere(website: Website, token: str) -> None:
    async with website.browser() as browser:
        page = await browser.get("/verify", params={"token": token})
        assert "This link is used up" in page.text
        answer = await browser.send("/verify", await browser.token(), token=token)
    assert answer.status_code == 422


async def test_of_two_wishes_for_one_address_the_first_that_is_proven_wins(
    website: Website,
) -> None:
    async with website.browser() as one, website.browser() as two:
        await ask_to_join(one)
        first = await newest_mail(website, "verify")
        await ask_to_join(two, password=OWN)
        second = await newest_mail(website, "verify")
        assert (await write_code(one, first.code)).status_code == 303
        answer = await write_code(two, second.code)
        assert answer.status_code == 422
        assert "This link is used up" in answer.text
        assert not await is_in(two)
    async with website.browser() as browser:
        assert (await browser.sign_in(ADA, PASSWORD)).status_code == 303


async def test_joining_ends_the_session_this_browser_had(website: Website) -> None:
    await website.add_person("old@example.com")
    async with website.browser() as browser, website.browser() as copy:
        await ask_to_join(browser)
        mail = await newest_mail(website, "verify")
        csrf = await browser.token(mail.path)
        await browser.sign_in("old@example.com")
        old = browser.cookie("session")
        copy.http.cookies.set("nexus-session", old)
        assert (await browser.send("/verify", csrf, token=mail.token)).status_code == 303
        assert browser.cookie("session") != old
        assert not await is_in(copy)


async def test_nobody_is_counted_twice(website: Website) -> None:
    async with website.browser() as browser:
        await join(website, browser)
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(func.count()).select_from(ExchangeAccount)) == 1
