"""Do the passkey pages add, sign in and remove, seen from a browser with a device?"""

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from nexus.accounts.models import Session, User
from nexus.core.clock import now
from tests.accounts.authenticator import Authenticator
from tests.accounts.people import (
    ADA,
    acts,
    count_sessions,
    let_proof_grow_old,
    mails,
    plant,
    session_of,
)
from tests.website import Browser, Website

NEW = "/settings/security/passkeys/new"


async def options(browser: Browser, path: str, token: str) -> dict[str, Any]:
    answer = await browser.http.post(path, headers={"X-CSRF-Token": token})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


async def add_passkey(
    browser: Browser, phone: Authenticator, name: str = "Phone"
) -> httpx.Response:
    token = await browser.token(NEW)
    credential = phone.create(await options(browser, f"{NEW}/options", token))
    return await browser.send(NEW, token, credential=credential, name=name)


async def sign_in_by(browser: Browser, phone: Authenticator, wanted: str = "/") -> httpx.Response:
    token = await browser.token()
    credential = phone.get(await options(browser, "/sign-in/passkey/options", token))
    return await browser.send("/sign-in/passkey", token, credential=credential, next=wanted)


async def only_passkey(browser: Browser) -> str:
    found = re.search(
        r"/settings/security/passkeys/\d+", (await browser.get("/settings/security")).text
    )
    assert found
    return found[0]


async def test_the_first_passkey_brings_recovery_codes_and_ends_other_sessions(
    website: Website,
) -> None:
    person = await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as elsewhere:
        await browser.sign_in(ADA)
        await elsewhere.sign_in(ADA)
        before = browser.cookie("session")
        answer = await add_passkey(browser, Authenticator(), "My phone")
        assert answer.status_code == 200
        assert len(re.findall(r"<code>[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}</code>", answer.text)) == 10
        assert browser.cookie("session") not in {"", before}
        assert (await elsewhere.get("/settings/security")).status_code == 303
        assert "My phone" in (await browser.get("/settings/security")).text
        second = await add_passkey(browser, Authenticator(), "My key")
        assert (second.status_code, second.headers["location"]) == (303, "/settings/security")
    kinds = [(mail.kind, mail.to_address) for mail in await mails(website.database)]
    assert kinds == [("factor_added", ADA)] * 2
    assert "recovery_codes_made" in await acts(website.database, person)
    assert (await acts(website.database, person)).count("passkey_added") == 2


async def test_adding_needs_a_fresh_proof(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(NEW)
        told = await options(browser, f"{NEW}/options", token)
        await let_proof_grow_old(website.database)
        assert (await browser.get(NEW)).headers["location"].startswith("/prove")
        asked = await browser.http.post(f"{NEW}/options", headers={"X-CSRF-Token": token})
        assert asked.status_code == 303
        answer = await browser.send(NEW, token, credential=Authenticator().create(told), name="P")
        assert answer.headers["location"] == "/prove?next=%2Fsettings%2Fsecurity%2Fpasskeys%2Fnew"


async def test_a_refused_passkey_says_so_and_keeps_the_name(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        answer = await add_passkey(browser, Authenticator(verifies=False), "My phone")
        assert answer.status_code == 422
        assert "This passkey was not accepted." in answer.text
        assert 'value="My phone"' in answer.text
        answer = await add_passkey(browser, Authenticator(), " ")
        assert (answer.status_code, 'id="name-error"' in answer.text) == (422, True)


async def test_a_passkey_signs_in_alone_and_is_two_factors(website: Website) -> None:
    person = await website.add_person(ADA)
    phone = Authenticator()
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_passkey(browser, phone)
    async with website.browser() as fresh:
        answer = await sign_in_by(fresh, phone, "/settings/security")
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings/security")
        session = await session_of(website.database, fresh)
        assert session
        assert (session.method, session.factor_pending) == ("passkey", False)
        assert (await fresh.get("/settings/security/passkeys/new")).status_code == 200, "proven"
    assert (await acts(website.database, person))[-1] == "signed_in"


async def test_the_session_a_browser_came_with_ends(website: Website) -> None:
    person = await website.add_person(ADA)
    phone = Authenticator()
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_passkey(browser, phone)
        planted = browser.cookie("session")
        async with website.browser() as victim:
            token = await victim.token()
            credential = phone.get(await options(victim, "/sign-in/passkey/options", token))
            plant(victim, planted)
            await victim.send("/sign-in/passkey", token, credential=credential)
            assert victim.cookie("session") != planted
        assert (await browser.get("/settings/security")).status_code == 303
    assert await count_sessions(website.database, person) == 1


async def test_a_passkey_is_refused_without_saying_why(website: Website) -> None:
    await website.add_person(ADA)
    phone = Authenticator()
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_passkey(browser, phone)
    async with website.browser() as fresh:
        unknown = await sign_in_by(fresh, Authenticator())
        unlocked = await sign_in_by(fresh, replace(phone, verifies=False))
        async with website.database.transaction() as tx:
            await tx.execute(update(User).values(disabled_at=now()))
        phone.count = 10
        disabled = await sign_in_by(fresh, phone)
        for answer in (unknown, unlocked, disabled):
            assert answer.status_code == 422
            assert "This passkey was not accepted." in answer.text
            assert fresh.cookie("session") == ""


async def test_a_challenge_of_another_browser_signs_nobody_in(website: Website) -> None:
    await website.add_person(ADA)
    phone = Authenticator()
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_passkey(browser, phone)
    async with website.browser() as one, website.browser() as other:
        told = await options(one, "/sign-in/passkey/options", await one.token())
        answer = await other.send(
            "/sign-in/passkey", await other.token(), credential=phone.get(told)
        )
        assert answer.status_code == 422
        assert other.cookie("session") == ""


async def test_options_need_the_token_and_are_not_endless(website: Website) -> None:
    async with website.browser() as stranger:
        assert (await stranger.http.post("/sign-in/passkey/options")).status_code == 403
        token = await stranger.token()
        for _ in range(60):
            await options(stranger, "/sign-in/passkey/options", token)
        headers = {"X-CSRF-Token": token}
        answer = await stranger.http.post("/sign-in/passkey/options", headers=headers)
        assert answer.status_code == 429


async def test_it_is_named_and_removed_by_its_owner_only(website: Website) -> None:
    person = await website.add_person(ADA)
    await website.add_person("bob@example.com")
    async with website.browser() as browser, website.browser() as bob:
        await browser.sign_in(ADA)
        await add_passkey(browser, Authenticator())
        path = await only_passkey(browser)
        await bob.sign_in("bob@example.com")
        bobs = await bob.token("/settings/security")
        assert (await bob.get(path)).status_code == 404
        assert (await bob.send(path, bobs, name="Bob's")).status_code == 404
        assert (await bob.get(f"{path}/remove")).status_code == 404
        assert (await bob.send(f"{path}/remove", bobs)).status_code == 404

        token = await browser.token(path)
        answer = await browser.send(path, token, name="")
        assert (answer.status_code, 'id="name-error"' in answer.text) == (422, True)
        assert (await browser.send(path, token, name="The key")).status_code == 303
        assert "The key" in (await browser.get(f"{path}/remove")).text
        before = browser.cookie("session")
        answer = await browser.send(f"{path}/remove", token)
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings/security")
        assert browser.cookie("session") != before
        page = (await browser.get("/settings/security")).text
        assert "The key" not in page
        assert "Recovery codes" not in page, "with the last factor they go too"
    assert (await acts(website.database, person))[-1] == "passkey_removed"
    assert [mail.kind for mail in await mails(website.database)] == [
        "factor_added",
        "factor_removed",
    ]


async def test_removing_needs_a_fresh_proof(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await add_passkey(browser, Authenticator())
        path = await only_passkey(browser)
        token = await browser.token(path)
        async with website.database.transaction() as tx:
            await tx.execute(update(Session).values(proven_at=None))
        for answer in (
            await browser.get(f"{path}/remove"),
            await browser.send(f"{path}/remove", token),
        ):
            assert answer.headers["location"].startswith("/prove?next=")
        assert path in (await browser.get("/settings/security")).text


@pytest.mark.parametrize("field", ["user_id", "sign_count", "public_key"])
async def test_a_form_carries_nothing_but_its_fields(website: Website, field: str) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        token = await browser.token(NEW)
        answer = await browser.send(NEW, token, credential="{}", name="P", **{field: "1"})
        assert answer.status_code == 400
