"""Are all venues there, and is one that costs too much refused with the sum?"""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from structlog.testing import capture_logs

from nexus.core.db import Database
from nexus.exchanges.errors import VenueRefusedError
from nexus.exchanges.governor import Governor
from nexus.exchanges.paper import Paper
from nexus.exchanges.registry import (
    Exchanges,
    open_exchanges,
    open_market_sources,
    read_egress_states,
)
from nexus.settings import Settings
from tests.exchanges.test_paper import fixed_prices
from tests.exchanges.venue import Venue, answer


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """Lend a database nobody connects to: opening a venue must need none."""
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    yield database
    await database.close()


def open_with(database: Database, **changes: object) -> Exchanges:
    return open_exchanges(Settings(**changes), database, None, fixed_prices)  # type: ignore[arg-type]


async def test_every_venue_speaks_for_itself(database: Database) -> None:
    exchanges = open_with(database)
    for venue in ("binance", "paper"):
        assert exchanges[venue].capabilities.venue == venue
        assert exchanges.for_new_account(venue) is exchanges[venue]
    await exchanges.close()


async def test_a_venue_nobody_knows_is_refused_by_name(database: Database) -> None:
    with pytest.raises(VenueRefusedError, match="binance, paper"):
        open_with(database).for_new_account("mtgox")


@pytest.mark.parametrize(("budget", "refused"), [("19.9", True), ("20", False)])
async def test_a_venue_that_costs_too_much_takes_no_new_account(
    database: Database, budget: str, *, refused: bool
) -> None:
    exchanges = open_with(database, fees_max_round_trip_bps=Decimal(budget))
    if refused:
        with pytest.raises(VenueRefusedError, match=r"10 \+ 10 = 20 bps.* allows 19\.9"):
            exchanges.for_new_account("binance")
    else:
        exchanges.for_new_account("binance")
    assert exchanges["binance"].capabilities.venue == "binance"  # What is held can be sold.
    await exchanges.close()


async def test_a_symbol_that_can_never_be_bought_is_told_at_the_start(database: Database) -> None:
    with capture_logs() as lines:
        exchanges = open_with(database, symbols=("BTC/USDT", "BTC/EUR"))
    assert [line["symbol"] for line in lines] == ["BTC/EUR"]
    assert "EUR" in lines[0]["why"]
    await exchanges.close()


async def test_okx_is_offered_where_it_has_an_address(database: Database) -> None:
    exchanges = open_with(database, okx_url="https://okx.example")
    assert exchanges.for_new_account("okx").capabilities.venue == "okx"
    await exchanges.close()


async def test_every_address_says_what_it_has_used(redis_url: str) -> None:
    """As the pages ask, from a process that has sent nothing itself."""
    settings = Settings(
        egresses={"tokyo": SecretStr("http://10.0.0.9:3128")}, okx_url="https://okx.example"
    )
    redis = Redis.from_url(redis_url)
    busy = Governor("api.binance.com/tokyo", settings.weight_per_minute, redis)
    await busy.take(40, 1)
    await busy.pause(300, banned=True)
    states = {one.name: one for one in await read_egress_states(settings, redis)}
    assert set(states) == {
        "api.binance.com/default", "api.binance.com/tokyo", "data-api.binance.vision/default",
        "okx.example/default", "okx.example/tokyo",
    }  # fmt: skip
    tokyo = states["api.binance.com/tokyo"]
    assert (tokyo.used, tokyo.why, tokyo.alone) == (40, "banned", False)
    assert 295 <= tokyo.seconds_paused <= 300
    assert {one.used for one in states.values() if one is not tokyo} == {0}
    await redis.aclose()


async def test_the_paper_fee_is_what_was_set(database: Database) -> None:
    exchanges = open_with(database, paper_fee_bps=Decimal(40))
    assert isinstance(exchanges["paper"], Paper)
    with pytest.raises(VenueRefusedError, match=r"40 \+ 40 = 80 bps"):
        exchanges.for_new_account("paper")


async def test_market_sources_are_the_primary_then_the_fallback(venue: Venue) -> None:
    settings = Settings(market_url="http://127.0.0.1:1", exchange_url=venue.url)
    primary, fallback = open_market_sources(settings, None)
    assert primary.name == "127.0.0.1:1"
    venue.says["GET /api/v3/ticker/24hr"] = answer(
        200, [{"symbol": "BTCUSDT", "lastPrice": "1", "closeTime": 1}]
    )
    [ticker] = await fallback.tickers(["BTC/USDT"])
    assert ticker.price == 1
    await primary.close()
    await fallback.close()


def test_one_address_is_one_source(venue: Venue) -> None:
    assert (
        len(open_market_sources(Settings(market_url=venue.url, exchange_url=venue.url), None)) == 1
    )
