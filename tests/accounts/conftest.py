"""What the tests of accounts share: the running site, and passwords that are quick to check."""

from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from nexus.accounts import passwords
from tests.website import Website, serve, settings_for


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep Argon2 but not its cost, which is the point everywhere but in a test."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", hasher)
    monkeypatch.setattr(passwords, "DUMMY_HASH", hasher.hash("nobody's password"))


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running
