"""What may a test of this folder ask for? A scene, a channel, an audience, and the running site."""

from collections.abc import AsyncIterator, Iterator, MutableMapping, MutableSequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from nexus.core.clock import SetClock, use
from nexus.core.db import Database
from nexus.core.redis import Channel, open_redis
from nexus.feed import audience as live
from nexus.feed.audience import Audience
from nexus.feed.publish import CHANNEL
from nexus.feed.wiring import open_reactions
from nexus.strategy.border import load_strategies
from tests.scenes import AT, Scene
from tests.website import Website, make_passwords_quick, serve, settings_for

Log = MutableSequence[MutableMapping[str, Any]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign in and listen again without waiting."""
    make_passwords_quick(monkeypatch)
    monkeypatch.setattr(live, "RETRY_SECONDS", 0.02)


@pytest.fixture
def logged() -> Iterator[Log]:
    """Note what is logged. Unconfigured, structlog would draw tracebacks for seconds."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def channel(redis_url: str) -> AsyncIterator[Channel]:
    redis = open_redis(redis_url)
    yield Channel(redis, CHANNEL)
    await redis.aclose()


@pytest.fixture
async def scene(database: Database, channel: Channel) -> AsyncIterator[Scene]:
    """Lend a scene whose clock stands still, and whose facts reach the feed as in production."""
    hands = SetClock(AT)
    with use(hands):
        scene = Scene(database, hands)
        database._reactions = open_reactions(channel)
        yield scene


@pytest.fixture
def audience(scene: Scene, channel: Channel, logged: Log) -> Audience:
    del logged
    strategies = load_strategies(scene.settings.strategies, scene.settings)
    known = {strategy.name: strategy for strategy in strategies}
    return Audience(scene.database, channel, scene.settings, known)


@pytest.fixture
async def website(database_url: str, redis_url: str) -> AsyncIterator[Website]:
    async with serve(settings_for(database_url, redis_url)) as running:
        yield running
