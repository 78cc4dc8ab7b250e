"""Do the slow rounds keep to their share, over all workers, and does it count in the whole?"""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from nexus.exchanges.binance import Binance
from nexus.exchanges.protocol import Account
from nexus.exchanges.slow_share import SlowShare
from tests.exchanges.desk import ALICE, adapter

AWAY = "http://127.0.0.1:9"


@pytest.fixture
async def memory(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def binance() -> AsyncIterator[Binance]:
    """Open an adapter whose address may use a weight of 1,000 a minute."""
    binance = adapter(AWAY, per_minute=1_000)
    yield binance
    await binance.close()


async def used_up(share: SlowShare, account: Account, weight: int) -> int:
    """Ask for `weight` until it is refused; give how often it was admitted."""
    admitted = 0
    while await share.admits(account, weight):
        admitted += 1
    return admitted


async def test_a_fifth_of_the_budget_is_a_fifth(binance: Binance) -> None:
    share = SlowShare({"binance": binance}, None, 20)
    with capture_logs() as said:
        assert await used_up(share, ALICE, 20) == 10
        assert not await share.admits(ALICE, 20)
    assert said == [], "that a share is used up is no news"


async def test_what_is_too_heavy_now_takes_nothing_away(binance: Binance) -> None:
    share = SlowShare({"binance": binance}, None, 20)
    assert await share.admits(ALICE, 150)
    assert not await share.admits(ALICE, 60)
    assert await share.admits(ALICE, 50)


async def test_all_workers_have_one_share(binance: Binance, memory: Redis) -> None:
    shares = [SlowShare({"binance": binance}, memory, 20) for _ in range(3)]
    admitted = [await used_up(share, ALICE, 20) for share in shares]
    assert admitted == [10, 0, 0]


async def test_orders_find_their_budget_as_it_was(binance: Binance) -> None:
    """The share is counted beside the budget; the requests themselves are counted in it."""
    share = SlowShare({"binance": binance}, None, 20)
    await used_up(share, ALICE, 20)
    governor = binance.lanes["default"].wire.governor
    assert (await governor.state()).used == 0
    assert (await governor.take(1_000, 1, exits=True)).requests == 1_000


async def test_a_venue_without_a_budget_is_always_ready(binance: Binance) -> None:
    share = SlowShare({"binance": binance}, None, 20)
    paper = Account(1, "paper", "default", 0)
    assert all([await share.admits(paper, 20) for _ in range(100)])


async def test_with_no_share_nothing_is_asked(binance: Binance) -> None:
    share = SlowShare({"binance": binance}, None, 0)
    assert not await share.admits(ALICE, 1)
