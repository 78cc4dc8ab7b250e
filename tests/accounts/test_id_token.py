"""Does an ID token vouch for exactly whom the issuer signed it for, here and now?"""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from nexus.accounts.models import Session, User
from tests.accounts.issuer import (
    CLIENT_ID,
    SUBJECT,
    TestIssuer,
    by_a_stranger,
    by_alg_none,
    by_public_key,
    make_key,
    running_issuer,
    settings_of,
    sign_in,
)
from tests.website import Website, serve, settings_for


@pytest.fixture
def website(issuers_website: Website) -> Website:
    return issuers_website


async def count(website: Website, table: type) -> int:
    async with website.database.transaction() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "Ed25519"])
async def test_each_allowed_signature_is_understood(
    database_url: str, redis_url: str, algorithm: str
) -> None:
    async with running_issuer(algorithm) as issuer:
        settings = settings_for(database_url, redis_url, **settings_of(issuer))
        async with serve(settings) as website, website.browser() as browser:
            assert (await sign_in(browser, issuer)).status_code == 303


# ------------------------------------------------------------------------- what an issuer may not
LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "of another sign-in"},
    "no nonce": {"nonce": None},
    "a foreign issuer": {"iss": "https://accounts.google.com"},
    "almost the issuer": {"iss": "SLASH"},
    "another audience": {"aud": "somebody else"},
    "several audiences, none named": {"aud": [CLIENT_ID, "somebody else"]},
    "several audiences, another named": {"aud": [CLIENT_ID, "x"], "azp": "x"},
    "one audience, another named": {"azp": "x"},
    "no audience": {"aud": None},
    "expired": {"exp": 1_700_000_000},
    "never expires": {"exp": None},
    "not a number": {"exp": float("nan")},
    "from the future": {"iat": 4_000_000_000},
    "another access token": {"at_hash": "LDktKdoQak3Pk0cnXxCltA"},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is none": {"sub": 5},
    "an endless subject": {"sub": "x" * 256},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_with_a_lie_signs_nobody_in(
    website: Website, issuer: TestIssuer, lie: str
) -> None:
    claims = LIES[lie]
    issuer.claims = {"iss": f"{issuer.address}/"} if claims.get("iss") == "SLASH" else claims
    await refuses(website, issuer)


@pytest.mark.parametrize("sign", [by_alg_none, by_public_key, by_a_stranger])
async def test_a_token_the_issuer_did_not_sign_signs_nobody_in(
    website: Website, issuer: TestIssuer, sign: Callable[..., str]
) -> None:
    issuer.sign = sign
    await refuses(website, issuer)


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_is_not_verified_makes_nobody(
    website: Website, issuer: TestIssuer, verified: object
) -> None:
    issuer.claims = {"email_verified": verified}
    await refuses(website, issuer, "has not verified your e-mail address")


@pytest.mark.parametrize("email", ["", "nobody", "a@b\u0007.example", 7])
async def test_an_address_that_is_none_makes_nobody(
    website: Website, issuer: TestIssuer, email: object
) -> None:
    issuer.claims = {"email": email}
    await refuses(website, issuer, "has not verified your e-mail address")


async def refuses(website: Website, issuer: TestIssuer, words: str = "could not sign you") -> None:
    async with website.browser() as browser:
        answer = await sign_in(browser, issuer)
        assert answer.status_code == 422
        assert words in answer.text
        assert not browser.cookie("session")
    assert await count(website, User) == 0
    assert await count(website, Session) == 0


# ------------------------------------------------------------------------------ keys that change
async def test_a_new_key_is_fetched_once_and_an_unknown_one_not_again(
    website: Website, issuer: TestIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with website.browser() as browser:
        assert (await sign_in(browser, issuer)).status_code == 303
    issuer.keys.insert(0, make_key("ES256", "2"))
    async with website.browser() as browser:
        assert (await sign_in(browser, issuer)).status_code == 422, "asked again within a minute"
    monkeypatch.setattr("nexus.accounts.issuers.KEYS_ASKED_EVERY", 0)
    async with website.browser() as browser:
        assert (await sign_in(browser, issuer)).status_code == 303
    assert issuer.asked.count("/keys") == 2
    assert issuer.asked.count("/.well-known/openid-configuration") == 1


# ------------------------------------------------------------------------ beside the token
async def test_the_address_may_be_at_the_userinfo_endpoint(
    website: Website, issuer: TestIssuer
) -> None:
    issuer.claims = {"email": None, "email_verified": None}
    issuer.told = {"sub": "somebody else", "email": "eve@example.com", "email_verified": True}
    await refuses(website, issuer)
    issuer.told = {**issuer.told, "sub": SUBJECT}
    async with website.browser() as browser:
        assert (await sign_in(browser, issuer)).status_code == 303
