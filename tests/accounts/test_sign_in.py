"""Who is let in, who is slowed down, and who can tell the difference between two refusals?"""

import asyncio
import itertools
import statistics
import threading
import time
from collections import Counter

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from nexus.accounts import passwords, sign_in
from nexus.accounts.errors import SignInRefusedError, TooManyAttemptsError, WrongLoginError
from nexus.accounts.models import AuditEntry, Session, TotpSecret, User
from nexus.accounts.sign_in import Attempt, SignedIn
from nexus.core.clock import now
from nexus.core.db import Database
from tests.website import PASSWORD, Website

ADA = "ada@example.com"
networks = itertools.count()
"""Each try that names none comes from a network of its own."""


async def attempt(
    website: Website,
    email: str = ADA,
    password: str = PASSWORD,
    *,
    network: str = "",
    known: str = "",
) -> SignedIn:
    """Try to sign in from a network, with what a known browser shows."""
    state = website.app.state
    network = network or f"2001:db8:{next(networks):x}::/64"
    return await sign_in.sign_in(
        state.database,
        state.throttle,
        state.refusals,
        Attempt(email, password, network, "Firefox", "", (known,) if known else ()),
    )


async def change(website: Website, user_id: int, **values: object) -> None:
    async with website.database.transaction() as tx:
        await tx.execute(update(User).where(User.id == user_id).values(**values))


async def acts(database: Database) -> list[str]:
    async with database.transaction() as tx:
        return list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


async def add_totp(website: Website, user_id: int) -> None:
    async with website.database.transaction() as tx:
        tx.add(TotpSecret(user_id=user_id, sealed=b"", created_at=now(), confirmed_at=now()))


# ------------------------------------------------------------------------------------ being let in
async def test_whoever_has_a_second_factor_is_nobody_until_it_was_shown(website: Website) -> None:
    ada = await website.add_person(ADA)
    await add_totp(website, ada)
    async with website.browser() as browser:
        answer = await browser.sign_in(ADA, next="/bots/new")
        assert answer.headers["location"] == "/sign-in/factor?next=%2Fbots%2Fnew"
        assert (await browser.get("/")).headers["location"].startswith("/sign-in")
    async with website.database.transaction() as tx:
        session = await tx.scalar(select(Session))
    assert session is not None
    assert session.factor_pending
    assert session.proven_at is None
    assert (await acts(website.database))[-1] == "password_accepted"


async def test_signing_in_and_out_is_written_down(website: Website) -> None:
    await website.add_person(ADA)
    async with website.browser() as browser:
        await browser.sign_in(ADA)
        await browser.send("/sign-out", await browser.token("/bots/new"))
    assert (await acts(website.database))[-2:] == ["signed_in", "signed_out"]


async def test_a_password_changed_while_it_is_checked_lets_nobody_in(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever knew the old one would have a session that outlives the change."""
    ada = await website.add_person(ADA)
    verify = passwords.verify_password

    async def slow(stored: str | None, password: str) -> bool:
        right = await verify(stored, password)
        await change(website, ada, password_hash="another")
        return right

    monkeypatch.setattr(sign_in, "verify_password", slow)
    with pytest.raises(WrongLoginError):
        await attempt(website)
    async with website.database.transaction() as tx:
        assert await tx.scalar(select(Session)) is None


async def test_a_person_disabled_while_the_password_is_checked_is_not_let_in(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await website.add_person(ADA)
    verify = passwords.verify_password

    async def slow(stored: str | None, password: str) -> bool:
        await change(website, ada, disabled_at=now())
        return await verify(stored, password)

    monkeypatch.setattr(sign_in, "verify_password", slow)
    with pytest.raises(WrongLoginError):
        await attempt(website)


async def test_a_password_that_may_not_be_chosen_any_more_still_lets_its_owner_in(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await website.add_person(ADA)
    await change(website, ada, password_hash=passwords.HASHER.hash("short"))
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", stronger)
    assert (await attempt(website, password="short")).token


# ----------------------------------------------------------------------------------- being guessed
async def test_strangers_wait_and_the_known_browser_does_not(website: Website) -> None:
    await website.add_person(ADA)
    known = (await attempt(website)).known
    outcomes: Counter[type[Exception]] = Counter()
    for _ in range(sign_in.STRANGERS_PER_ACCOUNT.limit + 10):
        with pytest.raises(SignInRefusedError) as refused:
            await attempt(website, password="a guess")
        outcomes[refused.type] += 1
    assert outcomes == {WrongLoginError: 30, TooManyAttemptsError: 10}
    with pytest.raises(TooManyAttemptsError):
        await attempt(website)
    assert (await attempt(website, known=known)).token, "she is not locked out"


async def test_a_network_that_is_used_up_does_not_stop_a_known_browser_in_it(
    website: Website,
) -> None:
    await website.add_person(ADA)
    known = (await attempt(website)).known
    for number in range(sign_in.PER_NETWORK.limit):
        with pytest.raises(WrongLoginError):
            await attempt(website, f"p{number}@example.com", network="198.51.100.1")
    with pytest.raises(TooManyAttemptsError):
        await attempt(website, network="198.51.100.1")
    assert (await attempt(website, network="198.51.100.1", known=known)).token


async def test_a_known_browser_has_tries_too_and_not_without_end(website: Website) -> None:
    await website.add_person(ADA)
    known = (await attempt(website)).known
    for _ in range(sign_in.PER_KNOWN_BROWSER.limit):
        with pytest.raises(WrongLoginError):
            await attempt(website, password="a guess", known=known)
    with pytest.raises(TooManyAttemptsError):
        await attempt(website, password="a guess", known=known)
    assert (await attempt(website)).token, "and its guesses count for nobody else"


async def test_a_cookie_of_another_person_is_a_strangers(website: Website) -> None:
    await website.add_person(ADA)
    await website.add_person("mallory@example.com")
    mallorys = (await attempt(website, "mallory@example.com")).known
    for _ in range(sign_in.PER_ACCOUNT_AND_NETWORK.limit):
        with pytest.raises(WrongLoginError):
            await attempt(website, password="a guess", network="n", known=mallorys)
    with pytest.raises(TooManyAttemptsError):
        await attempt(website, password="a guess", network="n", known=mallorys)


async def test_an_address_that_is_nobodys_is_counted_alike(website: Website) -> None:
    for _ in range(sign_in.STRANGERS_PER_ACCOUNT.limit):
        with pytest.raises(WrongLoginError):
            await attempt(website, "nobody@example.com")
    with pytest.raises(TooManyAttemptsError):
        await attempt(website, "nobody@example.com")


# ----------------------------------------------------------------------------------- a hammered one
async def test_ten_thousand_wrong_passwords_harm_nobody_else(
    website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From thousands of networks at one account, while its owner and others use the pages."""
    await website.add_person(ADA)
    known = (await attempt(website)).known
    hashes = _watch_hashes(monkeypatch)
    pages: list[float] = []

    async def browse() -> None:
        async with website.browser() as visitor:
            while True:
                began = time.perf_counter()
                assert (await visitor.get("/sign-in")).status_code == 200
                pages.append(time.perf_counter() - began)

    outcomes = Counter[str]()
    guesses = iter(range(10_000))

    async def hammer() -> None:
        for number in guesses:
            network = f"198.{number % 251}.{number // 251}.{number % 7}"
            try:
                await attempt(website, password=f"guess {number}", network=network)
            except SignInRefusedError as refused:
                outcomes[type(refused).__name__] += 1

    browsing = asyncio.create_task(browse())
    async with asyncio.TaskGroup() as attackers:
        for _ in range(50):
            attackers.create_task(hammer())
        await asyncio.sleep(0)
        assert (await attempt(website, known=known)).token, "while they are at it"
    browsing.cancel()
    assert outcomes == {"WrongLoginError": 30, "TooManyAttemptsError": 9_970}
    assert 0 < hashes.most <= passwords._THREADS
    assert len(pages) > 20
    assert statistics.quantiles(pages, n=20)[-1] < 0.5, "the slowest twentieth of pages"


class Watched:
    """Counts how many hashes are computed at the same moment."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at_once = 0
        self.most = 0


def _watch_hashes(patch: pytest.MonkeyPatch) -> Watched:
    watched, matches = Watched(), passwords._matches

    def watch(stored: str, password: str) -> bool:
        with watched.lock:
            watched.at_once += 1
            watched.most = max(watched.most, watched.at_once)
        time.sleep(0.01)
        right = matches(stored, password)
        with watched.lock:
            watched.at_once -= 1
        return right

    patch.setattr(passwords, "_matches", watch)
    return watched
