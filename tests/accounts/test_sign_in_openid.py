"""Whose account does an issuer's word open? Never somebody's by their address alone."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from nexus.accounts.models import (
    AuditEntry,
    EmailLink,
    Identity,
    KnownBrowser,
    Passkey,
    RecoveryCode,
    Session,
    TotpSecret,
    User,
)
from nexus.accounts.sessions import start_session
from nexus.core.clock import now
from tests.accounts.issuer import TestIssuer, come_back, leave, sign_in
from tests.website import PASSWORD, Website

MADE_IN_WAIT = (Session, TotpSecret, Passkey, RecoveryCode, EmailLink, Identity, KnownBrowser)


@pytest.fixture
def website(issuers_website: Website) -> Website:
    return issuers_website


async def change(website: Website, person: int, **values: object) -> None:
    async with website.database.transaction() as tx:
        await tx.execute(update(User).where(User.id == person).values(values))


async def prepare_everything(website: Website, person: int) -> None:
    """Leave every way in open that somebody could who waits for an address's owner."""
    moment = now()
    async with website.database.transaction() as tx:
        await start_session(tx, person, user_agent="theirs", network="203.0.113.7")
        tx.add_all(
            [
                TotpSecret(user_id=person, sealed=b"x", created_at=moment, confirmed_at=moment),
                RecoveryCode(user_id=person, code_sha256=b"x", created_at=moment),
                Passkey(
                    user_id=person, credential_id=b"x", public_key=b"x", sign_count=0,
                    transports=[], name="theirs", created_at=moment,
                ),
                EmailLink(
                    user_id=person, purpose="reset", email="ada@example.com", token_sha256=b"x",
                    created_at=moment, expires_at=moment + timedelta(hours=1),
                ),
                Identity(
                    user_id=person, issuer="https://id.evil.example", subject="theirs", email="",
                    created_at=moment, last_used_at=moment,
                ),
                KnownBrowser(
                    user_id=person, token_sha256=b"x", created_at=moment, last_used_at=moment
                ),
            ]
        )  # fmt: skip


async def left_to(website: Website, person: int) -> dict[str, int]:
    async with website.database.transaction() as tx:
        return {
            table.__tablename__: len(
                list(await tx.scalars(select(table).where(table.user_id == person)))
            )
            for table in MADE_IN_WAIT
        }


async def test_an_account_nobody_proved_goes_to_who_proves_it(
    website: Website, issuer: TestIssuer
) -> None:
    person = await website.add_person("Ada@Example.com", name="Not Ada")
    await change(website, person, email_verified_at=None, delete_after=now())
    await prepare_everything(website, person)
    assert set((await left_to(website, person)).values()) == {1}, "else this would prove nothing"
    async with website.browser() as ada:
        assert (await sign_in(ada, issuer)).headers["location"] == "/bots/new"
        assert (await ada.get("/bots/new")).headers["location"].startswith("/consent")
    left = await left_to(website, person)
    # What is there now is her own session, identity and browser.
    assert left == dict.fromkeys(left, 0) | {"sessions": 1, "identities": 1, "known_browsers": 1}
    async with website.database.transaction() as tx:
        user = (await tx.scalars(select(User))).one()
        identity = (await tx.scalars(select(Identity))).one()
        entries = select(AuditEntry.act).where(AuditEntry.act != "consent_given")
        acts = list(await tx.scalars(entries.order_by(AuditEntry.id)))
    assert (user.id, user.password_hash, user.delete_after) == (person, None, None)
    assert (user.display_name, user.email_verified_at is not None) == ("Ada L.", True)
    assert identity.issuer == issuer.address
    assert acts == ["account_claimed", "email_verified", "identity_linked", "signed_in"]
    async with website.browser() as attacker:
        assert (await attacker.sign_in("ada@example.com", PASSWORD)).status_code == 422


@pytest.mark.parametrize("disabled", [False, True])
async def test_an_account_that_was_proven_is_never_opened_by_its_address(
    website: Website, issuer: TestIssuer, *, disabled: bool
) -> None:
    person = await website.add_person("ada@example.com")
    if disabled:
        await change(website, person, disabled_at=now())
    async with website.browser() as browser:
        answer = await sign_in(browser, issuer)
        assert answer.status_code == 422
        assert "ada@example.com has an account here already" in answer.text
        assert "/sign-in?next=%2Fsettings%2Fsecurity" in answer.text
        assert not browser.cookie("session")
    assert set((await left_to(website, person)).values()) == {0}


async def test_a_disabled_account_nobody_proved_is_not_handed_over(
    website: Website, issuer: TestIssuer
) -> None:
    person = await website.add_person("ada@example.com")
    await change(website, person, email_verified_at=None, disabled_at=now())
    async with website.browser() as browser:
        assert (await sign_in(browser, issuer)).status_code == 422
    async with website.database.transaction() as tx:
        user = (await tx.scalars(select(User))).one()
    assert (user.password_hash is None, user.email_verified_at) == (False, None)


async def test_somebody_disabled_reads_what_everybody_refused_reads(
    website: Website, issuer: TestIssuer
) -> None:
    async with website.browser() as browser:
        await sign_in(browser, issuer)
    async with website.database.transaction() as tx:
        person = (await tx.scalars(select(User.id))).one()
    await change(website, person, disabled_at=now())
    async with website.browser() as browser:
        disabled = await sign_in(browser, issuer)
        assert not browser.cookie("session")
    issuer.claims = {"nonce": "wrong"}
    async with website.browser() as browser:
        wrong = await sign_in(browser, issuer)
    assert disabled.status_code == wrong.status_code == 422
    assert "We could not sign you in with Example Co." in disabled.text
    assert disabled.text == wrong.text
    async with website.database.transaction() as tx:
        last = select(AuditEntry.act).order_by(AuditEntry.id.desc()).limit(1)
        assert await tx.scalar(last) == "sign_in_refused"


async def test_the_second_factor_is_still_owed(website: Website, issuer: TestIssuer) -> None:
    async with website.browser() as browser:
        await sign_in(browser, issuer)
    async with website.database.transaction() as tx:
        person = (await tx.scalars(select(User.id))).one()
        tx.add(TotpSecret(user_id=person, sealed=b"x", created_at=now(), confirmed_at=now()))
    async with website.browser() as browser:
        answer = await sign_in(browser, issuer)
        assert answer.headers["location"] == "/sign-in/factor?next=%2Fbots%2Fnew"
        assert (await browser.get("/")).headers["location"] == "/sign-in"
    async with website.database.transaction() as tx:
        last = select(AuditEntry.act).order_by(AuditEntry.id.desc()).limit(1)
        assert await tx.scalar(last) == "identity_accepted"


async def test_another_subject_with_the_same_address_is_somebody_else(
    website: Website, issuer: TestIssuer
) -> None:
    """An address that was given to somebody new does not open the account of who had it."""
    async with website.browser() as browser:
        await sign_in(browser, issuer)
    issuer.claims = {"sub": "somebody new"}
    async with website.browser() as browser:
        assert (await sign_in(browser, issuer)).status_code == 422
        assert not browser.cookie("session")


async def test_two_browsers_at_once_make_one_person(website: Website, issuer: TestIssuer) -> None:
    async with website.browser() as one, website.browser() as other:
        addresses = [issuer.answer(await leave(browser)) for browser in (one, other)]
        for browser, address in zip((one, other), addresses, strict=True):
            assert (await come_back(browser, address)).status_code == 303
    async with website.database.transaction() as tx:
        assert len(list(await tx.scalars(select(User)))) == 1
