"""What may a test of this folder ask for? A scene whose facts are told, and the running site."""

from collections.abc import AsyncIterator

import pytest

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.core.redis import Channel, open_redis
from nexus.feed.publish import CHANNEL
from nexus.feed.wiring import open_reactions
from tests.notices.phones import Phone, PushService, open_push_service
from tests.scenes import AT, Scene
from tests.website import make_passwords_quick


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    make_passwords_quick(monkeypatch)


@pytest.fixture
async def scene(database: Database, redis_url: str) -> AsyncIterator[Scene]:
    """Lend a scene whose facts are told as in production."""
    redis, hands = open_redis(redis_url), SetClock(AT)
    with use(hands):
        scene = Scene(database, hands)
        database._reactions = open_reactions(Channel(redis, CHANNEL))
        yield scene
    await redis.aclose()


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with open_push_service() as running:
        yield running


@pytest.fixture
def phone(service: PushService) -> Phone:
    return service.phone("mine")
