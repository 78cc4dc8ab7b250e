"""What do pages see while Redis is away, and once it is back?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from nexus.accounts.models import User
from nexus.core.redis import Channel, open_redis
from nexus.feed.audience import Audience
from nexus.feed.publish import CHANNEL, Publisher
from nexus.regime.events import Decided, MarketSeen
from tests.feed.watching import all_of, heard, listening, next_of, seated
from tests.scenes import AT, Scene


@dataclass
class Wire:
    """A wire to a real Redis that can be cut and mended."""

    host: str
    port: int
    server: asyncio.Server | None = None
    address: int = 0
    ends: set[asyncio.StreamWriter] = field(default_factory=set)

    async def mend(self) -> None:
        self.server = await asyncio.start_server(self._carry, "127.0.0.1", self.address)
        self.address = self.server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self.server
        self.server.close()
        for end in self.ends:
            end.close()
        self.ends.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self.host, self.port)
        self.ends |= {writer, back}
        await asyncio.gather(_copy(reader, back), _copy(there, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def wire(redis_url: str) -> AsyncIterator[Wire]:
    there = urlsplit(redis_url)
    assert there.hostname
    assert there.port
    wire = Wire(there.hostname, there.port)
    await wire.mend()
    yield wire
    await wire.cut()


@asynccontextmanager
async def channel_over(wire: Wire) -> AsyncIterator[Channel]:
    redis = open_redis(f"redis://127.0.0.1:{wire.address}/0")
    yield Channel(redis, CHANNEL)
    await redis.aclose()


async def test_pages_are_told_and_go_on_when_redis_is_back(
    audience: Audience, channel: Channel, scene: Scene, wire: Wire
) -> None:
    await scene.market()
    seat = seated(audience, 1)
    async with channel_over(wire) as weak:
        audience.channel = weak
        async with listening(audience):
            await channel.publish({"kind": "market"})
            assert b"market-BTC-USDT" in await next_of(seat)
            await wire.cut()
            assert b'data-state="behind"' in await next_of(seat)
            await wire.mend()
            await heard(channel)
            all_of(seat)
            await channel.publish({"kind": "market"})
            assert b"market-BTC-USDT" in await next_of(seat)


async def test_what_cannot_be_published_harms_no_transaction(scene: Scene, wire: Wire) -> None:
    async with channel_over(wire) as weak:
        await wire.cut()
        publisher = Publisher(weak)
        scene.database._reactions = {
            MarketSeen: [publisher.market_seen],
            Decided: [publisher.decided],
        }
        async with scene.database.transaction() as tx:
            tx.add(User(email="a@b.c", email_key="a@b.c", password_hash="!", created_at=AT))
            tx.announce(MarketSeen(), Decided(1))
        await publisher.private([{"id": 1}])
    assert [user.email for user in await scene.rows(User)] == ["a@b.c"]
