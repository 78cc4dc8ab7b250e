"""Is an issuer asked once, however many come at once, and never shown with its secret?"""

import asyncio
import socket

import pytest

from nexus.accounts.errors import IssuerAwayError
from nexus.accounts.issuers import Issuer, Publications, known_issuers
from tests.accounts.issuer import TestIssuer
from tests.website import settings_for


def known_as(issuer: TestIssuer) -> Issuer:
    return Issuer("oidc", "Example Co.", issuer.address, "id", "canary")


def test_only_what_is_configured_is_known() -> None:
    settings = settings_for("", "", google_client_id="id", google_client_secret="canary")
    (google,) = known_issuers(settings)
    assert (google.name, google.label) == ("google", "Google")
    assert google.address == "https://accounts.google.com"
    assert "canary" not in repr(google)
    assert known_issuers(settings_for("", "")) == []


async def test_many_at_once_ask_once(issuer: TestIssuer) -> None:
    publications = Publications(known_as(issuer))
    await asyncio.gather(*(publications.keys("1") for _ in range(20)))
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_an_outage_is_not_remembered(issuer: TestIssuer) -> None:
    publications = Publications(known_as(issuer))
    issuer.broken = "openid-configuration"
    with pytest.raises(IssuerAwayError):
        await publications.metadata()
    issuer.broken = ""
    assert (await publications.metadata()).token_endpoint == f"{issuer.address}/token"


async def test_an_issuer_that_does_not_listen_is_away() -> None:
    nowhere = Issuer("oidc", "Example Co.", "http://127.0.0.1:1", "id", "canary")
    with pytest.raises(IssuerAwayError, match="does not answer right now"):
        await Publications(nowhere).metadata()


async def test_an_issuer_that_keeps_us_waiting_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus.accounts.issuers.ANSWER_SECONDS", 0.2)
    # Nobody takes the call, but the machine keeps the line open.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(IssuerAwayError):
            await Publications(Issuer("oidc", "Silent", address, "id", "canary")).metadata()


async def test_what_is_kept_is_asked_for_again_after_an_hour(
    issuer: TestIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publications = Publications(known_as(issuer))
    await publications.keys("1")
    monkeypatch.setattr("nexus.accounts.issuers.KEPT_SECONDS", -1)
    await publications.keys("1")
    assert len(issuer.asked) == 4
