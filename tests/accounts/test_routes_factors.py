"""Does the security page add and remove an app, show codes once, and tell the person?"""

import asyncio
import re
from urllib.parse import unquote

import pytest
from sqlalchemy import select, update

from nexus.accounts.models import RecoveryCode, TotpSecret
from nexus.core.clock import now
from tests.accounts.people import (
    ADA,
    acts,
    add_totp,
    count_sessions,
    let_proof_grow_old,
    mails,
    offered_secret,
    session_of,
)
from tests.website import Website

SECURITY, TOTP, CODES = (
    "/settings/security",
    "/settings/security/totp",
    "/settings/security/recovery-codes",
)
CODE = re.compile(r"<code>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){5})</code>")


async def test_the_page_says_in_words_what_there_is(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        page = (await browser.get(SECURITY)).text
        assert ADA in page
        assert "Whoever has your password can sign in as you." in page
        assert "Recovery codes" not in page
        for path in (TOTP, f"{SECURITY}/passkeys/new", "/settings/email", "/settings/password"):
            assert f'href="{path}"' in page
        await add_totp(website.database, person)
        page = (await browser.get(SECURITY)).text
        assert "Nobody gets in with your password alone." in page
        assert "0 of 10 left" in page


async def test_who_needs_a_factor_is_told_so(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        sentence = "What you wanted needs a second factor."
        assert sentence in (await browser.get(f"{SECURITY}?needed=1")).text
        assert sentence not in (await browser.get(SECURITY)).text
        await add_totp(website.database, person)
        assert sentence not in (await browser.get(f"{SECURITY}?needed=1")).text


async def test_the_app_is_offered_as_picture_text_and_link(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        page = (await browser.get(TOTP)).text
        app = await offered_secret(website.database, person)
        groups = re.search(r'<code id="key">([A-Z2-7 ]+)</code>', page)
        assert groups
        assert groups[1].replace(" ", "") == app.secret
        assert all(len(group) == 4 for group in groups[1].split())
        picture = re.search(r'src="(data:image/svg\+xml[^"]+)"', page)
        assert picture
        assert "<path" in unquote(picture[1])
        assert f"secret={app.secret}" in page
        assert 'href="otpauth://totp/Nexus:ada%40example.com' in page


async def test_the_first_factor_brings_codes_and_ends_other_sessions(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as elsewhere:
        await browser.sign_in(ADA)
        await elsewhere.sign_in(ADA)
        token, before = await browser.token(TOTP), browser.cookie("session")
        app = await offered_secret(website.database, person)
        answer = await browser.send(TOTP, token, code=app.at(now()))
        assert answer.status_code == 200
        assert len(set(CODE.findall(answer.text))) == 10
        assert 'download="nexus-recovery-codes.txt"' in answer.text
        assert 'data-copy="codes"' in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert browser.cookie("session") not in {"", before}
        assert await session_of(website.database, browser)
        assert (await elsewhere.get(SECURITY)).status_code == 303
        assert await count_sessions(website.database, person) == 1
        again = await browser.send(TOTP, token, code=app.at(now()))
        assert again.headers["location"] == SECURITY, "reloading shows no code again"
        assert (await browser.get(TOTP)).headers["location"] == SECURITY
        assert CODE.findall((await browser.get(SECURITY)).text) == []
    assert (await acts(website.database, person))[-2:] == ["totp_added", "recovery_codes_made"]
    (mail,) = await mails(website.database)
    assert (mail.kind, mail.to_address) == ("factor_added", ADA)
    assert mail.subject == "An authenticator app: added to your Nexus account"
    assert "http://127.0.0.1:8000/settings/security" in mail.body
    assert app.secret not in mail.body


async def test_a_wrong_code_keeps_the_same_secret(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(TOTP)
        app = await offered_secret(website.database, person)
        wrong = f"{(int(app.at(now())) + 1) % 1_000_000:06}"
        answer = await browser.send(TOTP, token, code=wrong)
        assert answer.status_code == 422
        assert 'id="code-error"' in answer.text
        assert f"secret={app.secret}" in answer.text
        assert wrong not in answer.text
        assert "Off." in (await browser.get(SECURITY)).text


async def test_trying_codes_ends(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(TOTP)
        app = await offered_secret(website.database, person)
        wrong = f"{(int(app.at(now())) + 1) % 1_000_000:06}"
        sent = [browser.send(TOTP, token, code=wrong) for _ in range(33)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*sent))
        assert statuses == [422] * 30 + [429] * 3
        answer = await browser.send(TOTP, token, code=app.at(now()))
        assert answer.status_code == 429
        assert answer.headers["retry-after"]


async def test_what_cannot_be_a_code_is_no_try(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(TOTP)
        app = await offered_secret(website.database, person)
        answer = await browser.send(TOTP, token, code=" ")
        assert "Write the six digits that your app shows." in answer.text
        for _ in range(31):
            answer = await browser.send(TOTP, token, code="12 34")
            assert answer.status_code == 422
        assert "A code has six digits." in answer.text
        assert (await browser.send(TOTP, token, code=app.at(now()))).status_code == 200


async def test_an_offer_under_another_session_secret_is_made_anew(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await browser.get(TOTP)
        async with website.database.transaction() as tx:
            await tx.execute(update(TotpSecret).values(sealed=b"sealed under another secret"))
        assert (await browser.get(TOTP)).status_code == 200


@pytest.mark.parametrize("path", [TOTP, f"{TOTP}/remove", CODES])
async def test_each_change_needs_a_fresh_proof(website: Website, path: str) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_totp(website.database, person)
        token = await browser.token(SECURITY)
        await let_proof_grow_old(website.database)
        for answer in (await browser.get(path), await browser.send(path, token)):
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/prove?next=")
        assert "Added" in (await browser.get(SECURITY)).text


async def test_removing_the_only_factor_takes_the_codes_too(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(TOTP)
        app = await offered_secret(website.database, person)
        await browser.send(TOTP, token, code=app.at(now()))
        page = await browser.get(f"{TOTP}/remove")
        assert "It is your only second factor." in page.text
        before = browser.cookie("session")
        answer = await browser.send(f"{TOTP}/remove", token)
        assert (answer.status_code, answer.headers["location"]) == (303, SECURITY)
        assert browser.cookie("session") not in {"", before}
        assert "Off." in (await browser.get(SECURITY)).text
        for path in (f"{TOTP}/remove", CODES):
            assert (await browser.get(path)).headers["location"] == SECURITY
            assert (await browser.send(path, token)).headers["location"] == SECURITY
    async with website.database.transaction() as tx:
        assert (await tx.scalars(select(RecoveryCode))).all() == []
    assert (await acts(website.database, person))[-1] == "totp_removed"
    assert [mail.kind for mail in await mails(website.database)] == [
        "factor_added",
        "factor_removed",
    ]


async def test_new_codes_replace_the_old_and_end_other_sessions(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_totp(website.database, person)
        token, before = await browser.token(CODES), browser.cookie("session")
        first = CODE.findall((await browser.send(CODES, token)).text)
        second = CODE.findall((await browser.send(CODES, token)).text)
        assert (len(first), len(second)) == (10, 10)
        assert set(first).isdisjoint(second)
        assert browser.cookie("session") != before
        assert "10 of 10 left" in (await browser.get(SECURITY)).text
    assert (await acts(website.database, person)).count("recovery_codes_made") == 2


async def test_one_person_sees_nothing_of_another(website: Website) -> None:
    person = await website.add_person(ADA)
    await website.add_person("bob@example.com")
    await add_totp(website.database, person)
    async with website.browser() as bob:
        await bob.sign_in("bob@example.com")
        page = (await bob.get(SECURITY)).text
        assert "Off." in page
        assert ADA not in page
