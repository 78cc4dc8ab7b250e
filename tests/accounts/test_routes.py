"""Do the sign-in pages keep what they promise, seen from a browser?"""

import asyncio
import hashlib
import hmac
from dataclasses import replace
from ipaddress import ip_network

import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from redis.asyncio import Redis
from sqlalchemy import func, select, update

from nexus.accounts import passwords
from nexus.accounts.models import Session, User
from nexus.core.clock import now
from tests.website import PASSWORD, Browser, Website, serve, settings_for

ADA = "ada@example.com"
WRONG = "E-mail or password is wrong. Check both and try again."


def trust_this_machine(app: Litestar) -> None:
    """Let a test say where it comes from."""
    site = replace(app.state.site, trusted_proxies=(ip_network("127.0.0.0/8"),))
    app.state.site = site


async def count_sessions(website: Website) -> int:
    async with website.database.transaction() as tx:
        return await tx.scalar(select(func.count()).select_from(Session)) or 0


async def is_in(browser: Browser) -> bool:
    """Say whether this browser is signed in: only then the sign-in page sends it on."""
    return (await browser.get("/sign-in")).status_code == 303


async def test_signing_in_and_out(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        answer = await browser.sign_in("  ADA@example.com ")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert await is_in(browser)


async def test_the_cookie_cannot_be_read_by_scripts_or_carried_by_other_sites(
    website: Website,
) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        cookies = (await browser.sign_in(ADA)).headers.get_list("set-cookie")
    session, known = sorted(cookies, reverse=True)
    assert session.startswith("nexus-session=")
    assert known.startswith("nexus-known=")
    always = {"HttpOnly", "Path=/", "SameSite=lax"}
    assert set(session.split("; ")[1:]) == always | {"Max-Age=2592000"}
    assert set(known.split("; ")[1:]) == always | {"Max-Age=15552000"}


async def test_on_https_the_cookies_are_locked_to_this_host(
    database_url: str, redis_url: str
) -> None:
    settings = settings_for(database_url, redis_url, base_url="https://nexus.example")
    async with serve(settings) as website, website.browser() as browser:
        await website.add_person(ADA)
        page = await browser.get("/sign-in")
        visitor = page.headers["set-cookie"]
        assert visitor.startswith("__Host-nexus-visitor=")
        # The client below speaks plain http, so it does not send a Secure cookie by itself.
        token = page.text.split('name="csrf_token" value="')[1][:64]
        answer = await browser.http.post(
            "/sign-in",
            data={"email": ADA, "password": PASSWORD, "csrf_token": token},
            headers={"Cookie": visitor.partition(";")[0]},
        )
        session, known = sorted(answer.headers.get_list("set-cookie"), reverse=True)
    assert session.startswith("__Host-nexus-session=")
    assert known.startswith("__Host-nexus-known=")
    for cookie in (visitor, session, known):
        flags = set(cookie.split("; ")[1:])
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= flags
        assert not any(flag.startswith("Domain") for flag in flags)


async def test_a_planted_session_is_not_taken_over(website: Website) -> None:
    await website.add_person(ADA)
    await website.add_person("mallory@example.com")
    async with website.browser() as mallory, website.browser() as ada:
        await mallory.sign_in("mallory@example.com")
        planted = mallory.cookie("session")
        ada.http.cookies.set("nexus-session", planted)
        # The form must be opened as nobody: with the planted session she would be sent on.
        token = await mallory_free_token(ada)
        answer = await ada.send("/sign-in", token, email=ADA, password=PASSWORD)
        assert answer.status_code == 303
        assert f"nexus-session={planted}" not in answer.headers["set-cookie"]
        assert not await is_in(mallory), "the session she came with has ended"
    assert await count_sessions(website) == 1


async def mallory_free_token(browser: Browser) -> str:
    session = browser.cookie("session")
    browser.http.cookies.delete("nexus-session")
    token = await browser.token()
    browser.http.cookies.set("nexus-session", session)
    return token


async def test_signing_in_again_is_a_new_session(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        token = await browser.token()
        await browser.send("/sign-in", token, email=ADA, password=PASSWORD)
        first = browser.cookie("session")
        await browser.send("/sign-in", token, email=ADA, password=PASSWORD)
        assert browser.cookie("session") not in {"", first}
    assert await count_sessions(website) == 1


async def test_signing_out_ends_the_session_for_a_copied_cookie_too(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser, website.browser() as thief:
        await browser.sign_in(ADA)
        thief.http.cookies.set("nexus-session", browser.cookie("session"))
        assert await is_in(thief)
        answer = await browser.send("/sign-out", await signed_in_token(website, browser))
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert browser.cookie("session") == ""
        assert not await is_in(thief)
    assert await count_sessions(website) == 0


async def signed_in_token(website: Website, browser: Browser) -> str:
    """Work out the token the way a page of this session would show it."""
    digest = hashlib.sha256(browser.cookie("session").encode()).digest()
    async with website.database.transaction() as tx:
        number = await tx.scalar(select(Session.id).where(Session.token_sha256 == digest))
    secret = website.app.state.site.secret
    message = f"nexus.csrf.v1\0session:{number}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


async def test_unknown_wrong_unverified_and_disabled_are_one_answer(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    await website.add_person(ADA)
    for name in ("disabled", "unverified", "elsewhere"):
        await website.add_person(f"{name}@example.com")
    async with website.database.transaction() as tx:
        disabled = User.email == "disabled@example.com"
        await tx.execute(update(User).where(disabled).values(disabled_at=now()))
        unverified = User.email == "unverified@example.com"
        await tx.execute(update(User).where(unverified).values(email_verified_at=None))
        elsewhere = User.email == "elsewhere@example.com"
        await tx.execute(update(User).where(elsewhere).values(password_hash=None))
    checked: list[str] = []
    matches = passwords._matches

    def count(stored: str, password: str) -> bool:
        checked.append(stored)
        return matches(stored, password)

    monkeypatch.setattr(passwords, "_matches", count)
    answers = []
    async with website.browser() as browser:
        for email, password in (
            (ADA, "a wrong password"),
            ("nobody@example.com", PASSWORD),
            ("not an address\x7f", PASSWORD),
            ("disabled@example.com", PASSWORD),
            ("unverified@example.com", PASSWORD),
            ("elsewhere@example.com", PASSWORD),
        ):
            token = await browser.token()
            answer = await browser.send("/sign-in", token, email=email, password=password)
            text = answer.text.replace(email, "").replace(token, "")
            answers.append((answer.status_code, dict(answer.headers) | {"date": ""}, text))
    assert WRONG in answers[0][2]
    assert answers[0][0] == 422
    assert {len(a[2]) for a in answers} == {len(answers[0][2])}
    assert {a[2] for a in answers} == {answers[0][2]}
    assert len(checked) == 6, "the hash is worked out each time, so the time is the same"
    assert await count_sessions(website) == 0


async def test_the_form_keeps_what_was_typed_but_never_the_password(website: Website) -> None:
    async with website.browser() as browser:
        answer = await browser.sign_in("nobody@example.com", "my secret password", next="/bots/3")
    assert 'value="nobody@example.com"' in answer.text
    assert 'name="next" value="/bots/3"' in answer.text
    assert "my secret password" not in answer.text


async def test_missing_fields_are_asked_for(website: Website) -> None:
    async with website.browser() as browser:
        answer = await browser.send("/sign-in", await browser.token(), email=" ", password="")
    assert answer.status_code == 422
    assert "Write your e-mail address." in answer.text
    assert "Write your password." in answer.text


async def test_markup_in_the_email_stays_text(website: Website) -> None:
    markup = '"><script>alert(1)</script>'
    async with website.browser() as browser:
        answer = await browser.sign_in(markup, next='/"><img src=x>')
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_signing_in_never_leads_to_another_site(website: Website, wanted: str) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        form = await browser.get("/sign-in", params={"next": wanted})
        assert "evil" not in form.text
        assert (await browser.sign_in(ADA, next=wanted)).headers["location"] == "/"
        again = await browser.get("/sign-in", params={"next": wanted})
        assert (again.status_code, again.headers["location"]) == (303, "/")


async def test_guessing_is_stopped_and_the_owner_elsewhere_is_still_let_in(
    database_url: str, redis_url: str
) -> None:
    async with (
        serve(settings_for(database_url, redis_url), change=trust_this_machine) as website,
        website.browser(**{"X-Forwarded-For": "198.51.100.9"}) as guesser,
        website.browser(**{"X-Forwarded-For": "192.0.2.7"}) as owner,
    ):
        await website.add_person(ADA)
        guesses = [await guesser.sign_in(ADA, f"guess number {n}") for n in range(6)]
        assert [guess.status_code for guess in guesses] == [422] * 5 + [429]
        assert int(guesses[5].headers["retry-after"]) in range(1, 901)
        assert "Too many attempts. Wait 15 minutes, then try again." in guesses[5].text
        assert (await guesser.sign_in(ADA)).status_code == 429, "even with the right password"
        assert (await owner.sign_in(ADA)).status_code == 303


async def test_guessing_many_accounts_from_one_network_is_stopped(website: Website) -> None:
    async with website.browser() as guesser:
        token = await guesser.token()
        statuses = [
            (await guesser.send("/sign-in", token, email=f"p{n}@x.org", password="1")).status_code
            for n in range(51)
        ]
    assert statuses == [422] * 50 + [429]


async def test_many_guesses_at_once_are_not_all_the_first(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as guesser:
        token = await guesser.token()
        answers = await asyncio.gather(
            *(guesser.send("/sign-in", token, email=ADA, password=f"guess {n}") for n in range(20))
        )
    assert sorted(answer.status_code for answer in answers) == [422] * 5 + [429] * 15


async def test_people_who_know_their_password_are_never_slowed(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        token = await browser.token()
        for _ in range(8):
            answer = await browser.send("/sign-in", token, email=ADA, password=PASSWORD)
            assert answer.status_code == 303


async def test_without_redis_people_sign_in_and_guessers_are_stopped_sooner(
    database_url: str,
) -> None:
    settings = settings_for(database_url, "redis://127.0.0.1:1/0")
    async with serve(settings) as website, website.browser() as browser:
        await website.add_person(ADA)
        assert (await browser.sign_in(ADA)).status_code == 303
        browser.http.cookies.delete("nexus-session")
        browser.http.cookies.delete("nexus-known")
        guesses = [await browser.sign_in(ADA, f"guess number {n}") for n in range(3)]
    assert [guess.status_code for guess in guesses] == [422, 422, 429]


async def test_redis_learns_no_address(website: Website, redis_url: str) -> None:
    async with website.browser() as browser:
        await browser.sign_in(ADA, "a wrong password")
    redis = Redis.from_url(redis_url, decode_responses=True)
    keys = await redis.keys("*")
    await redis.aclose()
    assert len(keys) == 3
    assert not any("ada" in key or "127" in key for key in keys)


async def test_an_old_hash_is_renewed_at_sign_in(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    await website.add_person(ADA)
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", stronger)
    async with website.browser() as browser:
        assert (await browser.sign_in(ADA)).status_code == 303
        browser.http.cookies.delete("nexus-session")
        assert (await browser.sign_in(ADA)).status_code == 303
    async with website.database.transaction() as tx:
        stored = await tx.scalar(select(User.password_hash))
    assert stored is not None
    assert not stronger.check_needs_rehash(stored)


async def test_the_demo_login_is_shown_where_the_demo_runs_and_nowhere_else(
    website: Website,
) -> None:
    async with website.browser() as browser:
        assert "Demo account" not in (await browser.get("/sign-in")).text
        website.app.state.demo_login = ("demo@nexus.local", "demo password")
        shown = (await browser.get("/sign-in")).text
    assert "demo@nexus.local" in shown
    assert "demo password" in shown
