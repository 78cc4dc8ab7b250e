"""What the tests of accounts share: the running site, and passwords that are quick to check."""

from collections.abc import AsyncIterator

import pytest

from tests.accounts.issuer import TestIssuer, running_issuer, settings_of
from tests.website import Website, make_passwords_quick, serve, settings_for


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    make_passwords_quick(monkeypatch)


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


@pytest.fixture
async def issuer() -> AsyncIterator[TestIssuer]:
    """Run an OpenID issuer that says what the test wants."""
    async with running_issuer() as running:
        yield running


@pytest.fixture
async def issuers_website(
    database_url: str, redis_url: str, issuer: TestIssuer
) -> AsyncIterator[Website]:
    """Run the site with that issuer's button."""
    async with serve(settings_for(database_url, redis_url, **settings_of(issuer))) as running:
        yield running
