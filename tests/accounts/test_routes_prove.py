"""Does the page before dangerous things let only the person on, and only with enough?"""

import asyncio

import httpx
import pytest
from sqlalchemy import select

from nexus.accounts.models import User
from nexus.accounts.sessions import start_session
from nexus.core.clock import now
from tests.accounts.authenticator import Authenticator
from tests.accounts.people import (
    ADA,
    acts,
    add_recovery_codes,
    add_totp,
    let_proof_grow_old,
    mails,
    plant,
    session_of,
)
from tests.accounts.test_routes_passkeys import add_passkey, options
from tests.website import PASSWORD, Browser, Website

WRONG = "This password is wrong. Try again."


async def prove(
    browser: Browser, wanted: str = "/settings/security", **fields: str
) -> httpx.Response:
    token = await browser.token("/prove")
    return await browser.send("/prove", token, next=wanted, **fields)


async def test_what_is_dangerous_leads_there_and_back(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        assert (await browser.get("/settings/security/totp")).status_code == 200, "just signed in"
        await let_proof_grow_old(website.database)
        answer = await browser.get("/settings/security/totp")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/prove?next=%2Fsettings%2Fsecurity%2Ftotp"
        page = await browser.get(answer.headers["location"])
        assert 'name="next" value="/settings/security/totp"' in page.text
        answer = await prove(browser, "/settings/security/totp", password=PASSWORD)
        assert answer.headers["location"] == "/settings/security/totp"
        assert (await browser.get("/settings/security/totp")).status_code == 200


async def test_a_proof_is_a_new_token_for_the_same_session(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as thief:
        await browser.sign_in(ADA)
        await let_proof_grow_old(website.database)
        before = browser.cookie("session")
        plant(thief, before)
        session = await session_of(website.database, browser)
        await prove(browser, password=PASSWORD)
        assert browser.cookie("session") not in {"", before}
        after = await session_of(website.database, browser)
        assert session
        assert after
        assert (after.id, after.proven_at and now() >= after.proven_at) == (session.id, True)
        assert (await thief.get("/settings/security")).status_code == 303, "a copy is worthless"
    assert (await acts(website.database, person))[-1] == "proven"


async def test_a_wrong_password_is_said_beside_the_field(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await let_proof_grow_old(website.database)
        answer = await prove(browser, password="not-her-password")
        assert answer.status_code == 422
        assert WRONG in answer.text
        assert 'id="password-error"' in answer.text
        assert "not-her-password" not in answer.text
        assert (await browser.get("/settings/security/totp")).status_code == 303
    assert (await acts(website.database, person))[-1] == "proof_refused"


async def test_nothing_written_says_what_to_write(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await let_proof_grow_old(website.database)
        answer = await prove(browser)
        assert (answer.status_code, "Write your password." in answer.text) == (422, True)
        await add_totp(website.database, person)
        answer = await prove(browser, code=" ")
        assert "Write the six digits that your app shows." in answer.text
        answer = await prove(browser, code="12 34")
        assert "A code has six digits." in answer.text
        answer = await prove(browser, recovery_code="", way="recovery_code")
        assert 'id="code-error"' not in answer.text
        assert "proof_refused" not in await acts(website.database, person)


async def test_with_a_second_factor_the_password_is_not_enough(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        app = await add_totp(website.database, person)
        await let_proof_grow_old(website.database)
        page = (await browser.get("/prove")).text
        assert 'name="code"' in page
        assert 'name="password"' not in page
        answer = await prove(browser, password=PASSWORD)
        assert answer.status_code == 422
        assert "the password is not enough" in answer.text
        assert (await browser.get("/settings/security/totp/remove")).status_code == 303
        answer = await prove(browser, code=app.at(now()))
        assert answer.status_code == 303
        assert (await browser.get("/settings/security/totp/remove")).status_code == 200


async def test_a_code_proves_once(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        app = await add_totp(website.database, person)
        await let_proof_grow_old(website.database)
        code = app.at(now())
        assert (await prove(browser, code=code)).status_code == 303
        await let_proof_grow_old(website.database)
        answer = await prove(browser, code=code)
        assert answer.status_code == 422
        assert "used already" in answer.text
        assert code not in answer.text


async def test_a_recovery_code_proves_and_its_owner_is_told(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_totp(website.database, person)
        codes = await add_recovery_codes(website.database, person)
        await let_proof_grow_old(website.database)
        assert (await prove(browser, recovery_code=codes[0])).status_code == 303
        await let_proof_grow_old(website.database)
        answer = await prove(browser, recovery_code=codes[0])
        assert (answer.status_code, "used already" in answer.text) == (422, True)
    sent = [mail for mail in await mails(website.database) if mail.kind == "recovery_code_used"]
    assert [mail.to_address for mail in sent] == [ADA]
    assert "You have 9 left" in sent[0].body
    assert codes[0] not in sent[0].body
    assert "recovery_code_used" in await acts(website.database, person)


async def test_a_passkey_proves(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        phone = Authenticator()
        await add_passkey(browser, phone)
        await let_proof_grow_old(website.database)
        token = await browser.token("/prove")
        told = await options(browser, "/prove/passkey/options", token)
        credential = phone.get(told)
        answer = await browser.send(
            "/prove/passkey", token, credential=credential, next="/settings"
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
        await let_proof_grow_old(website.database)
        answer = await browser.send("/prove/passkey", token, credential=credential)
        assert (answer.status_code, "sent twice" in answer.text) == (422, True)
    assert (await acts(website.database, person))[-2:] == ["proven", "proof_refused"]


async def test_what_was_asked_of_one_session_proves_nothing_in_another(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as one, website.browser() as other:
        await one.sign_in(ADA)
        phone = Authenticator()
        await add_passkey(one, phone)
        token = await one.token("/settings/security")
        told = await options(one, "/prove/passkey/options", token)
        await other_session(website, other)
        mine = await other.token("/settings/security")
        answer = await other.send("/prove/passkey", mine, credential=phone.get(told))
        assert answer.status_code == 422


async def other_session(website: Website, browser: Browser) -> None:
    """Sign the same person in elsewhere, past the second factor."""
    async with website.database.transaction() as tx:
        person = (await tx.scalars(select(User.id))).one()
        token = await start_session(tx, person, user_agent="", network="")
    plant(browser, token)


async def test_guessing_ends_before_it_is_checked(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        app = await add_totp(website.database, person)
        await let_proof_grow_old(website.database)
        token = await browser.token("/prove")
        wrong = f"{(int(app.at(now())) + 1) % 1_000_000:06}"
        sent = [browser.send("/prove", token, code=wrong) for _ in range(12)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*sent))
        assert statuses == [422] * 5 + [429] * 7
        answer = await browser.send("/prove", token, code=app.at(now()))
        assert answer.status_code == 429, "even the right one is not looked at"
        assert int(answer.headers["retry-after"]) > 0
        assert "Too many attempts" in answer.text
    assert (await acts(website.database, person)).count("proof_refused") == 5


async def test_what_was_right_does_not_count(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        for _ in range(7):
            await let_proof_grow_old(website.database)
            assert (await prove(browser, password=PASSWORD)).status_code == 303


async def test_a_guesser_with_many_sessions_is_stopped_too(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    wrong = f"{(int(app.at(now())) + 1) % 1_000_000:06}"
    statuses = []
    for _ in range(5):
        async with website.browser() as browser:
            await other_session(website, browser)
            token = await browser.token("/settings/security")
            sent = [browser.send("/prove", token, code=wrong) for _ in range(5)]
            statuses += [answer.status_code for answer in await asyncio.gather(*sent)]
    assert (statuses.count(422), statuses.count(429)) == (20, 5)


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_it_leads_to_no_other_site(website: Website, wanted: str) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        fresh = await browser.get("/prove", params={"next": wanted})
        assert fresh.headers["location"] == "/"
        await let_proof_grow_old(website.database)
        answer = await prove(browser, wanted, password=PASSWORD)
        assert answer.headers["location"] == "/"


async def test_htmx_is_told_to_leave_the_page(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await let_proof_grow_old(website.database)
        answer = await browser.get("/settings/security/totp", headers={"HX-Request": "true"})
        assert answer.status_code == 401
        assert answer.headers["hx-redirect"].startswith("/prove?next=")
