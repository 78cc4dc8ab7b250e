"""What may a test of this folder ask for? A scene, and a house that trades in it."""

from collections.abc import AsyncIterator

import pytest

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from tests.pipeline.house import House
from tests.scenes import AT, Scene


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    hands = SetClock(AT)
    with use(hands):
        yield Scene(database, hands)


@pytest.fixture
def house(scene: Scene) -> House:
    return House(scene)
