"""What may a test of this folder ask for? The running site, and a scene."""

from collections.abc import AsyncIterator

import pytest

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from tests.scenes import AT, Scene
from tests.website import Website, make_passwords_quick, serve, settings_for


@pytest.fixture
async def website(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Website]:
    make_passwords_quick(monkeypatch)
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    hands = SetClock(AT)
    with use(hands):
        yield Scene(database, hands)
