"""What the tests of the rooms behind share: the running site, with passwords quick to check."""

from collections.abc import AsyncIterator

import pytest

from tests.website import Website, make_passwords_quick, serve, settings_for


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    make_passwords_quick(monkeypatch)


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running
