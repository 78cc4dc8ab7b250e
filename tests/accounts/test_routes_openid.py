"""Does an issuer's word sign the right person in, and nobody else by any trick with the answer?"""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import func, select

from nexus.accounts.models import AuditEntry, Challenge, Identity, Session, User
from nexus.core import clock
from tests.accounts.issuer import (
    TestIssuer,
    come_back,
    leave,
    sign_in,
)
from tests.website import Website, serve, settings_for


@pytest.fixture
def website(issuers_website: Website) -> Website:
    return issuers_website


async def count(website: Website, table: type) -> int:
    async with website.database.transaction() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


async def acts(website: Website) -> list[str]:
    async with website.database.transaction() as tx:
        return list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


# ------------------------------------------------------------------------------ the way as it is
async def test_somebody_new_is_signed_in(website: Website, issuer: TestIssuer) -> None:
    async with website.browser() as browser:
        answer = await sign_in(browser, issuer)
        assert (answer.status_code, answer.headers["location"]) == (303, "/bots/new")
        assert browser.cookie("session")
    async with website.database.transaction() as tx:
        user = (await tx.scalars(select(User))).one()
        identity = (await tx.scalars(select(Identity))).one()
        session = (await tx.scalars(select(Session))).one()
    assert (user.email, user.display_name) == ("ada@example.com", "Ada L.")
    assert (user.password_hash, user.email_verified_at is not None) == (None, True)
    assert (identity.user_id, identity.issuer) == (user.id, issuer.address)
    assert session.method == "oidc"
    assert await acts(website) == ["signed_up", "email_verified", "identity_linked", "signed_in"]


async def test_the_question_says_what_protects_the_answer(
    website: Website, issuer: TestIssuer
) -> None:
    async with website.browser(host="evil.example") as browser:
        address = await leave(browser)
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{issuer.address}/authorize?")
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == "http://127.0.0.1:8000/openid/oidc/callback"
    assert query["scope"] == "openid email profile"
    assert all(len(query[name]) >= 43 for name in ("state", "nonce", "code_challenge"))


async def test_the_same_identity_is_the_same_person(website: Website, issuer: TestIssuer) -> None:
    for email in ("ada@example.com", "ada@elsewhere.example"):
        issuer.claims = {"email": email}
        async with website.browser() as browser:
            assert (await sign_in(browser, issuer)).status_code == 303
    assert await count(website, User) == 1
    async with website.database.transaction() as tx:
        assert (await tx.scalars(select(Identity.email))).one() == "ada@elsewhere.example"


async def test_the_session_of_before_ends(website: Website, issuer: TestIssuer) -> None:
    await website.add_person("bob@example.com")
    async with website.browser() as browser:
        address = issuer.answer(await leave(browser))
        await browser.sign_in("bob@example.com")
        before = browser.cookie("session")
        assert (await come_back(browser, address)).status_code == 303
        assert browser.cookie("session") != before
    assert await count(website, Session) == 1


async def test_who_signed_up_by_an_issuer_has_not_accepted_anything_yet(
    website: Website, issuer: TestIssuer
) -> None:
    async with website.browser() as browser:
        await sign_in(browser, issuer)
        answer = await browser.get("/bots/new")
    assert answer.headers["location"] == "/consent?next=%2Fbots%2Fnew"


# ----------------------------------------------------------------------- states, and who has them
async def test_an_answer_counts_once(website: Website, issuer: TestIssuer) -> None:
    async with website.browser() as browser:
        address = issuer.answer(await leave(browser))
        assert (await come_back(browser, address)).status_code == 303
        again = await come_back(browser, address)
    assert (again.status_code, "Start again" in again.text) == (422, True)
    assert await count(website, Challenge) == 0


async def test_an_answer_that_was_refused_is_used_up_too(
    website: Website, issuer: TestIssuer
) -> None:
    async with website.browser() as browser:
        address = issuer.answer(await leave(browser))
        state = parse_qs(urlsplit(address).query)["state"][0]
        wrong = {"state": state, "code": "made-up"}
        assert (await come_back(browser, f"{address.split('?')[0]}?{urlencode(wrong)}")).is_error
        assert (await come_back(browser, address)).status_code == 422
        assert not browser.cookie("session")


async def test_another_browsers_answer_is_not_taken(website: Website, issuer: TestIssuer) -> None:
    """Otherwise an attacker could sign somebody in as the attacker, and watch what they do."""
    async with website.browser() as attacker, website.browser() as victim:
        await victim.token()
        address = issuer.answer(await leave(attacker))
        assert (await come_back(victim, address)).status_code == 422
        assert not victim.cookie("session")
        assert (await come_back(attacker, address)).status_code == 303


async def test_after_ten_minutes_it_is_too_late(website: Website, issuer: TestIssuer) -> None:
    async with website.browser() as browser:
        address = issuer.answer(await leave(browser))
        async with website.database.transaction() as tx:
            challenge = (await tx.scalars(select(Challenge))).one()
            left = challenge.expires_at - clock.now()
            assert 590 < left.total_seconds() <= 600
            challenge.expires_at = clock.now()
        assert (await come_back(browser, address)).status_code == 422


@pytest.mark.parametrize("given", ["", "x", "\u00e9", "A" * 43, "A" * 5000])
async def test_a_made_up_state_leads_nowhere(website: Website, given: str) -> None:
    async with website.browser() as browser:
        await browser.token()
        answer = await browser.get("/openid/oidc/callback", params={"state": given, "code": "c"})
    assert answer.status_code == 422


async def test_the_start_is_a_form_of_ours(website: Website) -> None:
    async with website.browser() as browser:
        assert (await browser.get("/openid/oidc/start")).status_code == 405
        assert (await browser.send("/openid/oidc/start")).status_code == 403


async def test_the_way_back_stays_on_this_site(website: Website) -> None:
    async with website.browser() as browser:
        token = await browser.token()
        await browser.send("/openid/oidc/start", token, next="//evil.example/")
        async with website.database.transaction() as tx:
            assert (await tx.scalars(select(Challenge.detail))).one()["wanted"] == "/"


async def test_what_the_issuer_writes_is_not_shown(website: Website) -> None:
    async with website.browser() as browser:
        address = await leave(browser)
        state = parse_qs(urlsplit(address).query)["state"][0]
        words = {"state": state, "error": "access_denied", "error_description": "Call 555-evil"}
        answer = await browser.get("/openid/oidc/callback", params=words)
    assert answer.status_code == 422
    assert "You did not finish at Example Co." in answer.text
    assert "evil" not in answer.text


# ------------------------------------------------------------------- which issuer it was (RFC 9207)
@pytest.mark.parametrize(
    ("promised", "named", "status"),
    [
        (True, "ITSELF", 303),
        (True, None, 422),
        (True, "https://accounts.google.com", 422),
        (None, "ITSELF", 303),
        (None, None, 303),
        (None, "https://accounts.google.com", 422),
    ],
)
async def test_an_answer_from_another_issuer_is_refused(
    website: Website, issuer: TestIssuer, *, promised: bool | None, named: str | None, status: int
) -> None:
    issuer.metadata = {"authorization_response_iss_parameter_supported": promised}
    issuer.names_itself = issuer.address if named == "ITSELF" else named
    async with website.browser() as browser:
        assert (await sign_in(browser, issuer)).status_code == status


# ---------------------------------------------------------------------------- the issuer is away
@pytest.mark.parametrize(
    ("door", "metadata"),
    [
        ("openid-configuration", {}),
        ("", {"issuer": "https://accounts.google.com"}),
        ("", {"token_endpoint": "http://elsewhere.example/token"}),
        ("", {"jwks_uri": None}),
        ("", {"authorization_endpoint": "javascript:alert(1)"}),
    ],
)
async def test_an_issuer_that_cannot_be_asked_is_a_sentence(
    website: Website, issuer: TestIssuer, door: str, metadata: dict[str, Any]
) -> None:
    issuer.broken, issuer.metadata = door, metadata
    async with website.browser() as browser:
        answer = await browser.send("/openid/oidc/start", await browser.token())
    assert answer.status_code == 503
    assert "Example Co. does not answer right now. Try again in a minute" in answer.text


@pytest.mark.parametrize("door", ["token", "keys"])
async def test_an_issuer_that_goes_away_in_between_is_a_sentence(
    website: Website, issuer: TestIssuer, door: str
) -> None:
    async with website.browser() as browser:
        address = issuer.answer(await leave(browser))
        issuer.broken = door
        answer = await come_back(browser, address)
    assert (answer.status_code, "does not answer right now" in answer.text) == (503, True)


# --------------------------------------------------------------------------- the smaller print
@pytest.mark.parametrize(("methods", "basic"), [(None, True), (["client_secret_post"], False)])
async def test_the_secret_is_sent_as_the_issuer_takes_it(
    website: Website, issuer: TestIssuer, methods: list[str] | None, *, basic: bool
) -> None:
    issuer.metadata = {"token_endpoint_auth_methods_supported": methods}
    async with website.browser() as browser:
        assert (await sign_in(browser, issuer)).status_code == 303
    assert [bool(login) for login in issuer.logins] == [basic]


async def test_nothing_is_shown_where_nothing_is_configured(
    database_url: str, redis_url: str
) -> None:
    async with (
        serve(settings_for(database_url, redis_url)) as website,
        website.browser() as browser,
    ):
        for path in ("/sign-in", "/sign-up"):
            assert "Continue with" not in (await browser.get(path)).text
        token = await browser.token()
        for name in ("google", "oidc"):
            assert (await browser.send(f"/openid/{name}/start", token)).status_code == 404
            assert (await browser.get(f"/openid/{name}/callback")).status_code == 404


async def test_the_button_is_on_both_pages(website: Website) -> None:
    async with website.browser() as browser:
        for path in ("/sign-in", "/sign-up"):
            assert "Continue with Example Co." in (await browser.get(path)).text


async def test_who_starts_all_the_time_waits(website: Website) -> None:
    async with website.browser() as browser:
        token = await browser.token()
        for _ in range(60):
            await browser.send("/openid/oidc/start", token)
        answer = await browser.send("/openid/oidc/start", token)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
