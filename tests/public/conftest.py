"""What may a test here ask for? A scene whose clock stands still, and the running site."""

from collections.abc import AsyncIterator, Iterator

import pytest

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from tests.scenes import AT, Scene
from tests.website import Website, serve, settings_for


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    hands = SetClock(AT)
    with use(hands):
        yield Scene(database, hands)


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    contact = "mailto:security@example.com"
    async with serve(settings_for(database_url, redis_url, security_contact=contact)) as running:
        yield running
