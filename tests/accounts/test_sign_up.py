"""Can nobody tell from the sign-up page who is here, and is nothing promised before the mail?"""

from collections.abc import Mapping

import pytest
from sqlalchemy import func, select, update

from nexus.accounts import passwords
from nexus.accounts.consent import today
from nexus.accounts.models import SignUp, User
from nexus.accounts.sign_up import PER_ADDRESS, spaced
from nexus.core.clock import now
from tests.accounts.joining import ADA, ask_to_join, mails, newest_mail, write_code
from tests.website import PASSWORD, Website, serve, settings_for

NEW = "new@example.com"


async def count(website: Website, table: type) -> int:
    async with website.database.transaction() as tx:
        return await tx.scalar(select(func.count()).select_from(table)) or 0


async def test_signing_up_asks_for_the_mail_and_makes_nobody_yet(website: Website) -> None:
    async with website.browser() as browser:
        answer = await ask_to_join(browser, f"  {ADA} ")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-up/check")
        page = await browser.get("/sign-up/check")
    assert ADA in page.text
    assert 'autocomplete="one-time-code"' in page.text
    assert browser.cookie("session") == ""
    assert await count(website, User) == 0
    mail = await newest_mail(website, "verify")
    assert mail.to_address == ADA
    assert mail.code in mail.subject


async def test_a_known_and_a_new_address_are_one_answer(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    await website.add_person(ADA)
    hashed: list[str] = []
    hasher = passwords.HASHER

    class Counting:
        def hash(self, password: str) -> str:
            hashed.append(password)
            return hasher.hash(password)

    monkeypatch.setattr(passwords, "HASHER", Counting())
    seen = []
    for email in (ADA, NEW):
        async with website.browser() as browser:
            answers = [await ask_to_join(browser, email), await browser.get("/sign-up/check")]
            answers.append(await write_code(browser, "0000 0000"))
            token = await browser.token("/sign-up/check")
            answers.append(await browser.send("/sign-up/again", token))
            seen.append(
                [(a.status_code, header_names(a.headers), plain(a.text, email)) for a in answers]
            )
    assert seen[0] == seen[1]
    assert hashed == [PASSWORD, PASSWORD], "the hash is worked out each time, so the time is equal"
    assert [(m.kind, m.to_address) for m in await mails(website)] == [
        ("known_here", ADA), ("known_here", ADA), ("verify", NEW), ("verify", NEW),
    ]  # fmt: skip
    assert await count(website, SignUp) == 2, "a row is written either way"


def header_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in {"date", "set-cookie"}}


def plain(text: str, email: str) -> str:
    """Leave out what differs from visitor to visitor."""
    lines = text.replace(email, "").splitlines()
    return "\n".join(line for line in lines if "csrf_token" not in line)


async def test_the_owner_of_a_known_address_is_told_and_gets_no_way_in(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await ask_to_join(browser, ADA.upper())
    mail = await newest_mail(website, "known_here")
    assert "token=" not in mail.body
    assert "http://127.0.0.1:8000/sign-in" in mail.body


async def test_links_name_the_configured_site_never_the_host(website: Website) -> None:
    async with website.browser() as browser:
        token = await browser.token("/sign-up")
        await browser.http.post(
            "/sign-up",
            data={"email": ADA, "password": PASSWORD, **today(), "csrf_token": token},
            headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
        )
    mail = await newest_mail(website, "verify")
    assert "evil" not in mail.body
    assert mail.path.startswith("/verify?token=")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "ada"}, "Write a whole e-mail address"),
        ({"email": f"{'a' * 250}@example.com"}, "This address is too long."),
        ({"password": "short"}, "Choose a password of 12 to 128 characters."),
        ({"password": "qwertyuiop12"}, "attackers try first"),
        ({"email": "lovelace@example.com", "password": "lovelace 1815 1852"}, "contains your"),
        ({"terms": ""}, "Accept the terms of use to go on."),
        ({"risk": "2020-01-01"}, "Accept the risk disclosure to go on."),
    ],
)
async def test_mistakes_are_said_beside_the_field(
    website: Website, fields: dict[str, str], sentence: str
) -> None:
    typed = {"email": ADA, "password": PASSWORD} | fields
    async with website.browser() as browser:
        answer = await ask_to_join(browser, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed["email"]}"' in answer.text
    assert typed["password"] not in answer.text
    assert answer.text.count("autofocus") == 1
    field = "terms" if "terms" in fields else next(reversed(fields))
    assert f'id="{field}-error"' in answer.text
    assert await mails(website) == []


async def test_all_mistakes_are_said_at_once(website: Website) -> None:
    async with website.browser() as browser:
        answer = await ask_to_join(browser, "ada", "short", terms="", risk="")
    for field in ("email", "password", "terms", "risk"):
        assert f'id="{field}-error"' in answer.text, field


async def test_a_wrong_code_stays_to_be_put_right(website: Website) -> None:
    async with website.browser() as browser:
        await ask_to_join(browser)
        answer = await write_code(browser, "1234 567")
    assert answer.status_code == 422
    assert 'value="1234 567"' in answer.text


async def test_a_role_cannot_be_written_into_the_form(website: Website) -> None:
    async with website.browser() as browser:
        answer = await ask_to_join(browser, role="admin")
    assert answer.status_code == 400
    assert await mails(website) == []


async def test_nobodys_mailbox_is_flooded(website: Website) -> None:
    async with website.browser() as browser:
        for _ in range(PER_ADDRESS.limit):
            assert (await ask_to_join(browser)).status_code == 303
        answer = await ask_to_join(browser)
        assert answer.status_code == 429
        assert "Too many attempts" in answer.text
        assert int(answer.headers["retry-after"]) > 0
        assert (await ask_to_join(browser, "other@example.com")).status_code == 303
    assert len(await mails(website)) == PER_ADDRESS.limit + 1


async def test_another_mail_replaces_the_one_before(website: Website) -> None:
    async with website.browser() as browser:
        await ask_to_join(browser)
        first = await newest_mail(website, "verify")
        answer = await browser.send("/sign-up/again", await browser.token("/sign-up/check"))
        assert answer.headers["location"] == "/sign-up/check?sent=again"
        second = await newest_mail(website, "verify")
        assert first.token != second.token
        assert (await write_code(browser, first.code)).status_code == 422
        assert (await write_code(browser, second.code)).status_code == 303


async def test_a_browser_that_waits_for_nothing_is_sent_to_the_form(website: Website) -> None:
    async with website.browser() as browser:
        assert (await browser.get("/sign-up/check")).headers["location"] == "/sign-up"
        token = await browser.token("/sign-up")
        for path, fields in (("/sign-up/check", {"code": "12345678"}), ("/sign-up/again", {})):
            answer = await browser.send(path, token, **fields)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-up")


async def test_what_ran_out_is_forgotten(website: Website) -> None:
    async with website.browser() as browser:
        await ask_to_join(browser)
        async with website.database.transaction() as tx:
            await tx.execute(update(SignUp).values(expires_at=now()))
        assert (await browser.get("/sign-up/check")).status_code == 303
    async with website.browser() as browser:
        await ask_to_join(browser, NEW)
    async with website.database.transaction() as tx:
        assert list(await tx.scalars(select(SignUp.email))) == [NEW]


async def test_neither_code_nor_token_nor_password_is_stored(website: Website) -> None:
    async with website.browser() as browser:
        await ask_to_join(browser)
        visitor = browser.cookie("visitor")
    mail = await newest_mail(website, "verify")
    async with website.database.transaction() as tx:
        row = (await tx.execute(select(SignUp.__table__))).one()
    stored = " ".join(str(value) for value in row)
    for secret in (mail.token, mail.code, mail.code.replace(" ", ""), PASSWORD, visitor):
        assert secret not in stored


async def test_somebody_signed_in_is_sent_home(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        assert (await browser.get("/sign-up")).headers["location"] == "/"


@pytest.mark.parametrize("changes", [{"environment": "test"}, {"base_url": "https://a.example"}])
async def test_the_mailbox_is_named_in_development_only(
    database_url: str, redis_url: str, changes: dict[str, str]
) -> None:
    shown = {"environment": "development"}
    async with serve(settings_for(database_url, redis_url, **shown)) as website:
        assert "/development/mail" in await check_page(website)
    async with serve(settings_for(database_url, redis_url, **(shown | changes))) as website:
        if not website.app.state.site.https:
            assert "/development/mail" not in await check_page(website)


async def check_page(website: Website) -> str:
    async with website.browser() as browser:
        await ask_to_join(browser)
        return (await browser.get("/sign-up/check")).text


def test_a_code_is_written_in_two_halves() -> None:
    assert spaced("12345678") == "1234 5678"
