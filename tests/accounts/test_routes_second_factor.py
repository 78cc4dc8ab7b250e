"""After the password: does only the second factor make somebody out of a session?"""

import asyncio
from datetime import timedelta

from sqlalchemy import update

from nexus.accounts.models import Session, User
from nexus.core.clock import now
from tests.accounts.authenticator import Authenticator
from tests.accounts.people import (
    ADA,
    acts,
    add_recovery_codes,
    add_totp,
    let_proof_grow_old,
    plant,
    session_of,
    sign_in_halfway,
)
from tests.accounts.test_routes_passkeys import add_passkey, options
from tests.website import PASSWORD, Browser, Website

STEP = "/sign-in/factor"


async def is_somebody(browser: Browser) -> bool:
    return (await browser.get("/settings/security")).status_code == 200


async def test_halfway_is_nobody(website: Website) -> None:
    person = await website.add_person(ADA)
    await add_totp(website.database, person)
    async with website.browser() as browser:
        await sign_in_halfway(website, browser, person)
        assert (await browser.get(STEP)).status_code == 200
        for path in ("/", "/prove", "/settings/security", "/live"):
            answer = await browser.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/sign-in"), path


async def test_the_code_makes_them_somebody_under_a_new_token(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    async with website.browser() as browser, website.browser() as thief:
        before = await sign_in_halfway(website, browser, person)
        plant(thief, before)
        token = await browser.token(STEP)
        answer = await browser.send(STEP, token, code=app.at(now()), next="/settings/security")
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings/security")
        assert await is_somebody(browser)
        assert not await is_somebody(thief), "who copied the cookie halfway has nothing"
        session = await session_of(website.database, browser)
        assert session
        assert session.proven_at is not None
    assert (await acts(website.database, person))[-1] == "signed_in"


async def test_the_password_again_is_no_second_factor(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser:
        await sign_in_halfway(website, browser, person)
        token = await browser.token()
        # Nor when there is no factor any more: who is halfway then signs in anew.
        for factor in (False, True):
            if factor:
                await add_totp(website.database, person)
            answer = await browser.send(STEP, token, password=PASSWORD)
            assert (answer.status_code, "not enough" in answer.text) == (422, True)
        assert not await is_somebody(browser)


async def test_a_wrong_code_is_said_beside_the_field(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    wrong = f"{(int(app.at(now())) + 1) % 1_000_000:06}"
    async with website.browser() as browser:
        await sign_in_halfway(website, browser, person)
        answer = await browser.send(STEP, await browser.token(STEP), code=wrong, next="/bots/new")
        assert answer.status_code == 422
        assert 'id="code-error"' in answer.text
        assert wrong not in answer.text
        assert 'name="next" value="/bots/new"' in answer.text
        assert not await is_somebody(browser)
    assert (await acts(website.database, person))[-1] == "sign_in_refused"


async def test_one_code_signs_in_one_of_two(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    async with website.browser() as one, website.browser() as other:
        tokens = []
        for browser in (one, other):
            await sign_in_halfway(website, browser, person)
            tokens.append(await browser.token(STEP))
        code = app.at(now())
        answers = await asyncio.gather(
            one.send(STEP, tokens[0], code=code), other.send(STEP, tokens[1], code=code)
        )
    assert sorted(answer.status_code for answer in answers) == [303, 422]


async def test_a_recovery_code_signs_in_once(website: Website) -> None:
    person = await website.add_person(ADA)
    await add_totp(website.database, person)
    codes = await add_recovery_codes(website.database, person)
    async with website.browser() as browser:
        for expected in (303, 422):
            await sign_in_halfway(website, browser, person)
            token = await browser.token(STEP)
            answer = await browser.send(STEP, token, recovery_code=codes[0].lower())
            assert answer.status_code == expected
        assert 'id="recovery_code-error"' in answer.text
        assert "<details" in answer.text.partition('name="recovery_code"')[0]
        assert "open" in answer.text.rpartition("<details")[2].partition(">")[0]


async def test_a_passkey_signs_in(website: Website) -> None:
    person = await website.add_person(ADA)
    phone = Authenticator()
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_passkey(browser, phone)
    async with website.browser() as browser, website.browser() as other:
        await sign_in_halfway(website, browser, person)
        await sign_in_halfway(website, other, person)
        token = await browser.token(STEP)
        told = await options(browser, f"{STEP}/passkey/options", token)
        credential = phone.get(told)
        others = await other.token(STEP)
        stolen = await other.send(f"{STEP}/passkey", others, credential=credential)
        assert stolen.status_code == 422, "it was asked of the first browser"
        answer = await browser.send(f"{STEP}/passkey", token, credential=credential)
        assert answer.status_code == 303
        assert await is_somebody(browser)


async def test_it_waits_for_ten_minutes(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    async with website.browser() as browser:
        await sign_in_halfway(website, browser, person)
        token = await browser.token(STEP)
        async with website.database.transaction() as tx:
            await tx.execute(update(Session).values(created_at=now() - timedelta(minutes=10)))
        assert (await browser.get(STEP)).headers["location"] == "/sign-in"
        answer = await browser.send(STEP, token, code=app.at(now()))
        assert answer.headers["location"] == "/sign-in"
        assert not await is_somebody(browser)


async def test_somebody_disabled_gets_no_further(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    async with website.browser() as browser:
        await sign_in_halfway(website, browser, person)
        token = await browser.token(STEP)
        async with website.database.transaction() as tx:
            await tx.execute(update(User).values(disabled_at=now()))
        answer = await browser.send(STEP, token, code=app.at(now()))
        assert answer.headers["location"] == "/sign-in"


async def test_the_page_is_for_who_is_halfway_only(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        assert (await browser.get(STEP)).headers["location"] == "/sign-in"
        token = await browser.token()
        for path in (STEP, f"{STEP}/passkey", f"{STEP}/passkey/options"):
            assert (await browser.send(path, token)).headers["location"] == "/sign-in"
        await browser.sign_in(ADA)
        # Signed in already: on to the first page, and not in circles.
        assert (await browser.get(STEP)).headers["location"] == "/sign-in"
        assert (await browser.get("/sign-in")).headers["location"] == "/"


async def test_guessing_ends_before_it_is_checked(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    codes = await add_recovery_codes(website.database, person)
    wrong = f"{(int(app.at(now())) + 1) % 1_000_000:06}"
    statuses = []
    async with website.browser() as browser:
        for _ in range(5):
            await sign_in_halfway(website, browser, person)
            token = await browser.token(STEP)
            sent = [browser.send(STEP, token, code=wrong) for _ in range(6)]
            statuses += [answer.status_code for answer in await asyncio.gather(*sent)]
        assert (statuses.count(422), statuses.count(429)) == (20, 10)
        await sign_in_halfway(website, browser, person)
        token = await browser.token(STEP)
        assert (await browser.send(STEP, token, code=app.at(now()))).status_code == 429
        answer = await browser.send(STEP, token, recovery_code=codes[0])
        assert answer.status_code == 303


async def test_who_knows_the_password_does_not_lock_the_owner_out(website: Website) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as signed_in, website.browser() as known:
        await signed_in.sign_in(ADA)
        await known.sign_in(ADA)
        app = await add_totp(website.database, person)
        wrong = f"{(int(app.at(now())) + 1) % 1_000_000:06}"
        for _ in range(5):
            async with website.browser() as stranger:
                await stranger.sign_in(ADA)
                token = await stranger.token(STEP)
                sent = [stranger.send(STEP, token, code=wrong) for _ in range(6)]
                statuses = [answer.status_code for answer in await asyncio.gather(*sent)]
        assert set(statuses) == {429}, "nothing more is looked at from there"
        await let_proof_grow_old(website.database)
        answer = await signed_in.send("/prove", await signed_in.token("/prove"), code=app.at(now()))
        assert answer.status_code == 303
        later = app.at(now() + timedelta(seconds=30))
        known.http.cookies.delete("nexus-session")
        await known.sign_in(ADA)
        answer = await known.send(STEP, await known.token(STEP), code=later)
        assert answer.status_code == 303, "a browser they have been in before counts on its own"


async def test_a_browser_is_known_only_once_the_factor_was_shown(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        assert browser.cookie("known").strip('"') == ""
        await browser.send(STEP, await browser.token(STEP), code=app.at(now()))
        assert browser.cookie("known")


async def test_the_way_on_stays_on_this_site(website: Website) -> None:
    person = await website.add_person(ADA)
    app = await add_totp(website.database, person)
    async with website.browser() as browser:
        await sign_in_halfway(website, browser, person)
        page = await browser.get(STEP, params={"next": "//evil.example"})
        assert "evil" not in page.text
        token = await browser.token(STEP)
        answer = await browser.send(STEP, token, code=app.at(now()), next="//evil.example")
        assert answer.headers["location"] == "/"
