"""May this account elsewhere sign this person in, out of all people, and do they stay able to?"""

import re

import pytest
from sqlalchemy import select

from nexus.accounts.consent import accept, today
from nexus.accounts.models import AuditEntry, Identity, TotpSecret, User
from nexus.core.clock import now
from nexus.mail.models import OutgoingMail
from tests.accounts.issuer import TestIssuer, accept_all, come_back, leave, make_stale
from tests.accounts.issuer import sign_in as sign_in_there
from tests.website import Browser, Website

LINK = "/settings/security/link/oidc"
SECURITY = "/settings/security"


@pytest.fixture
def website(issuers_website: Website) -> Website:
    return issuers_website


async def add_person(website: Website, email: str = "bob@example.com") -> int:
    person = await website.add_person(email)
    async with website.database.transaction() as tx:
        await accept(tx, person, today(), network="")
    return person


async def link(browser: Browser, issuer: TestIssuer) -> str:
    """Add the issuer's account; give where the browser is sent then."""
    address = issuer.answer(await leave(browser, LINK, LINK))
    answer = await come_back(browser, address)
    return str(answer.headers.get("location", answer.text))


async def identities(website: Website) -> list[tuple[int, str]]:
    async with website.database.transaction() as tx:
        found = await tx.execute(select(Identity.user_id, Identity.subject).order_by(Identity.id))
        return [(row.user_id, row.subject) for row in found]


async def last_act(website: Website) -> str:
    async with website.database.transaction() as tx:
        last = select(AuditEntry.act).order_by(AuditEntry.id.desc()).limit(1)
        return str(await tx.scalar(last))


# ------------------------------------------------------------------------------------- adding one
async def test_an_account_is_added_and_signs_in_from_then_on(
    website: Website, issuer: TestIssuer
) -> None:
    bob = await add_person(website)
    async with website.browser() as browser, website.browser() as elsewhere:
        await elsewhere.sign_in("bob@example.com")
        await browser.sign_in("bob@example.com")
        before = browser.cookie("session")
        assert await link(browser, issuer) == SECURITY
        assert browser.cookie("session") != before
        assert (await elsewhere.get("/")).headers["location"] == "/sign-in"
        page = (await browser.get(SECURITY)).text
        assert re.search(r"Example Co\.\s*, ada@example\.com", page)
    assert await last_act(website) == "identity_linked"
    assert [owner for owner, _ in await identities(website)] == [bob]
    async with website.database.transaction() as tx:
        (mail,) = await tx.scalars(select(OutgoingMail).where(OutgoingMail.kind == "factor_added"))
        assert (mail.to_address, "Example Co." in mail.subject) == ("bob@example.com", True)
    async with website.browser() as browser:
        assert (await sign_in_there(browser, issuer)).status_code == 303


async def test_adding_needs_a_fresh_proof(website: Website) -> None:
    await add_person(website)
    async with website.browser() as browser:
        await browser.sign_in("bob@example.com")
        token = await browser.token(LINK)
        await make_stale(website)
        for answer in (await browser.get(LINK), await browser.send(LINK, token)):
            assert answer.headers["location"].startswith("/prove?next=")


async def test_an_account_of_somebody_else_is_not_added(
    website: Website, issuer: TestIssuer
) -> None:
    async with website.browser() as ada:
        await sign_in_there(ada, issuer)
    await add_person(website)
    async with website.browser() as browser:
        await browser.sign_in("bob@example.com")
        assert "signs in to another account here" in await link(browser, issuer)
    assert len(await identities(website)) == 1


async def test_what_one_session_began_another_does_not_finish(
    website: Website, issuer: TestIssuer
) -> None:
    """Otherwise an attacker could have their own account added to somebody else's."""
    await add_person(website)
    await add_person(website, "eve@example.com")
    async with website.browser() as eve, website.browser() as bob:
        await eve.sign_in("eve@example.com")
        await bob.sign_in("bob@example.com")
        address = issuer.answer(await leave(eve, LINK, LINK))
        assert (await come_back(bob, address)).status_code == 422
    assert await identities(website) == []


async def test_a_sign_in_is_never_finished_as_an_addition(
    website: Website, issuer: TestIssuer
) -> None:
    await add_person(website)
    async with website.browser() as browser:
        address = issuer.answer(await leave(browser))
        await browser.sign_in("bob@example.com")
        await come_back(browser, address)
    owners = {owner for owner, _ in await identities(website)}
    async with website.database.transaction() as tx:
        ada = await tx.scalar(select(User.id).where(User.email_key == "ada@example.com"))
    assert owners == {ada}


# ----------------------------------------------------------------------------------- removing one
async def remove(browser: Browser, website: Website) -> tuple[int, str]:
    async with website.database.transaction() as tx:
        identity = (await tx.scalars(select(Identity.id))).one()
    path = f"{SECURITY}/identities/{identity}/remove"
    answer = await browser.send(path, await browser.token(path))
    return answer.status_code, answer.text


async def test_one_of_several_ways_in_is_removed(website: Website, issuer: TestIssuer) -> None:
    await add_person(website)
    async with website.browser() as browser:
        await browser.sign_in("bob@example.com")
        await link(browser, issuer)
        before = browser.cookie("session")
        assert (await remove(browser, website))[0] == 303
        assert browser.cookie("session") not in {before, ""}
    assert await identities(website) == []
    assert await last_act(website) == "identity_unlinked"


async def test_the_only_way_in_stays(website: Website, issuer: TestIssuer) -> None:
    async with website.browser() as browser:
        await sign_in_there(browser, issuer)
        await accept_all(website)
        status, text = await remove(browser, website)
    assert (status, "This is your only way to sign in" in text) == (422, True)
    assert len(await identities(website)) == 1


async def test_nobody_removes_what_is_somebody_elses(website: Website, issuer: TestIssuer) -> None:
    async with website.browser() as ada:
        await sign_in_there(ada, issuer)
    await add_person(website)
    async with website.database.transaction() as tx:
        identity = (await tx.scalars(select(Identity.id))).one()
    path = f"{SECURITY}/identities/{identity}/remove"
    async with website.browser() as bob:
        await bob.sign_in("bob@example.com")
        assert (await bob.get(path)).status_code == 404
        assert (await bob.send(path, await bob.token(LINK))).status_code == 404
    assert len(await identities(website)) == 1


# ------------------------------------------------------------------------------------ proving by it
PROVE = "/prove/openid/oidc"


async def prove(browser: Browser, issuer: TestIssuer) -> tuple[int, str]:
    address = await leave(browser, PROVE, "/prove")
    assert "prompt=login" in address
    assert "max_age=0" in address
    answer = await come_back(browser, issuer.answer(address))
    return answer.status_code, answer.headers.get("location", answer.text)


async def test_who_has_no_password_proves_by_the_issuer(
    website: Website, issuer: TestIssuer
) -> None:
    async with website.browser() as browser:
        await sign_in_there(browser, issuer)
        await accept_all(website)
        await make_stale(website)
        before = browser.cookie("session")
        assert "Sign in once more with Example Co." in (await browser.get("/prove")).text
        issuer.claims = {"auth_time": int(now().timestamp())}
        assert await prove(browser, issuer) == (303, "/bots/new")
        assert browser.cookie("session") != before
        assert (await browser.get(LINK)).status_code == 200
    assert await last_act(website) == "proven"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"auth_time": 1_700_000_000},
        {"auth_time": 4_000_000_000},
        {"auth_time": "now"},
        {"auth_time": None},
        {"auth_time": 4_000_000_000, "sub": "somebody else"},
        {"auth_time": 4_000_000_000, "nonce": "another"},
    ],
)
async def test_an_old_or_foreign_proof_is_none(
    website: Website, issuer: TestIssuer, claims: dict[str, object]
) -> None:
    async with website.browser() as browser:
        await sign_in_there(browser, issuer)
        await accept_all(website)
        await make_stale(website)
        issuer.claims = claims
        assert (await prove(browser, issuer))[0] == 422
        assert (await browser.get(LINK)).headers["location"].startswith("/prove")


async def test_who_cannot_prove_by_the_issuer_is_told_of_another_way(
    website: Website, issuer: TestIssuer
) -> None:
    async with website.browser() as browser:
        await sign_in_there(browser, issuer)
        await accept_all(website)
        await make_stale(website)
        status, text = await prove(browser, issuer)
        assert (status, "Set a password with the link we can mail you" in text) == (422, True)
        assert 'href="/forgot"' in (await browser.get("/prove")).text


@pytest.mark.parametrize(("age", "proven"), [(None, False), (3_600, False), (30, True)])
async def test_a_sign_in_is_a_proof_only_when_they_proved_themselves_there_just_now(
    website: Website, issuer: TestIssuer, age: int | None, *, proven: bool
) -> None:
    async with website.browser() as browser:
        await sign_in_there(browser, issuer)
        await accept_all(website)
        assert (await browser.get(LINK)).status_code == 200, "a new account has nothing to protect"
    issuer.claims = {} if age is None else {"auth_time": int(now().timestamp()) - age}
    async with website.browser() as browser:
        await sign_in_there(browser, issuer)
        answer = await browser.get(LINK)
        assert (answer.status_code == 200) is proven
        assert proven or answer.headers["location"].startswith("/prove")


async def test_who_has_a_second_factor_shows_that(website: Website, issuer: TestIssuer) -> None:
    async with website.browser() as browser:
        await sign_in_there(browser, issuer)
        await accept_all(website)
        async with website.database.transaction() as tx:
            ada = (await tx.scalars(select(User.id))).one()
            moment = now()
            tx.add(TotpSecret(user_id=ada, sealed=b"x", created_at=moment, confirmed_at=moment))
        await make_stale(website)
        status, text = await prove(browser, issuer)
        assert (status, "You have a second factor" in text) == (422, True)
        assert (await browser.get(LINK)).headers["location"].startswith("/prove")
