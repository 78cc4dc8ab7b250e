"""What may a test of this folder ask for? A scene whose clock stands still."""

from collections.abc import AsyncIterator

import pytest

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from tests.execution.stops import Stops
from tests.scenes import AT, Scene


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    hands = SetClock(AT)
    with use(hands):
        yield Scene(database, hands)


@pytest.fixture
def stops(scene: Scene) -> Stops:
    """Lend the scene with stops that rest at the exchange."""
    scene.settings = scene.settings.model_copy(update={"resting_stops": True})
    return Stops(scene)
