"""Is the market read in one call for all symbols, with the exchange's own times?"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from nexus.core.clock import from_ms
from nexus.exchanges.binance_market import BinanceMarket
from nexus.exchanges.protocol import ExchangeAwayError
from nexus.simulator.server import SimulatorOptions, start_simulator
from tests.exchanges.desk import wire_to
from tests.exchanges.venue import CLOSE, RESET, Venue, answer

SYMBOLS = ["BTC/USDT", "ETH/USDT"]


def market_at(url: str, per_minute: int = 6_000) -> BinanceMarket:
    return BinanceMarket(wire_to(url, per_minute=per_minute), "test")


@pytest.fixture
async def market(venue: Venue) -> AsyncIterator[BinanceMarket]:
    lent = market_at(venue.url)
    yield lent
    await lent.close()


async def test_all_prices_are_one_call(venue: Venue, market: BinanceMarket) -> None:
    venue.says["GET /api/v3/ticker/24hr"] = answer(
        200,
        [
            {"symbol": "BTCUSDT", "lastPrice": "50000.10", "closeTime": 1_000},
            {"symbol": "ETHUSDT", "lastPrice": "3000.5", "closeTime": 2_000},
        ],
    )
    tickers = await market.tickers(SYMBOLS)
    assert [(one.symbol, one.price, one.at) for one in tickers] == [
        ("BTC/USDT", Decimal("50000.10"), from_ms(1_000)),
        ("ETH/USDT", Decimal("3000.5"), from_ms(2_000)),
    ]
    [asked] = venue.asked
    assert asked.params == {"symbols": '["BTCUSDT","ETHUSDT"]', "type": "MINI"}
    assert "x-mbx-apikey" not in asked.headers


async def test_candles_are_asked_from_a_moment_on(venue: Venue, market: BinanceMarket) -> None:
    venue.says["GET /api/v3/klines"] = answer(200, [[0, "1", "2", "0.5", "1.5", "9", 59_999]])
    since = datetime(2026, 1, 2, tzinfo=UTC)
    [candle] = await market.candles("BTC/USDT", "1m", since, 10)
    prices = (candle.open, candle.high, candle.low, candle.close)
    assert prices == (Decimal(1), Decimal(2), Decimal("0.5"), Decimal("1.5"))
    assert candle.volume == 9
    assert venue.asked[0].params == {
        "symbol": "BTCUSDT",
        "interval": "1m",
        "startTime": "1767312000000",
        "limit": "10",
    }


@pytest.mark.parametrize(
    "said",
    [
        answer(503, ""),
        answer(200, "{"),
        answer(200, '{"code":-1121,"msg":"Invalid symbol."}'),
        answer(400, '{"code":-1121,"msg":"Invalid symbol."}'),
        answer(200, "<html>"),
        answer(200, "[" * 100_000),
        RESET,
        CLOSE,
    ],
)
async def test_a_source_that_fails_is_away(
    venue: Venue, market: BinanceMarket, said: bytes
) -> None:
    venue.says["GET /api/v3/ticker/24hr"] = venue.says["GET /api/v3/klines"] = said
    with pytest.raises(ExchangeAwayError):
        await market.tickers(SYMBOLS)
    with pytest.raises(ExchangeAwayError):
        await market.candles("BTC/USDT", "1m", from_ms(0), 10)


async def test_no_call_leaves_beyond_the_budget(venue: Venue) -> None:
    """A budget of 4 is two calls of weight 2."""
    venue.says["GET /api/v3/ticker/24hr"] = answer(200, [])
    market = market_at(venue.url, per_minute=4)
    for _ in range(2):
        await market.tickers(SYMBOLS)
    with pytest.raises(ExchangeAwayError):
        await market.tickers(SYMBOLS)
    assert len(venue.asked) == 2
    await market.close()


async def test_the_simulated_exchange_is_a_source() -> None:
    simulator = await start_simulator(SimulatorOptions(manual_clock=True))
    market = market_at(simulator.url)
    tickers = await market.tickers(SYMBOLS)
    assert {one.symbol for one in tickers} == set(SYMBOLS)
    assert all(one.price > 0 for one in tickers)
    since = from_ms(simulator.exchange.now() - 60_000)
    candles = await market.candles("BTC/USDT", "1s", since, 30)
    assert len(candles) == 30
    assert candles[0].open_time == since
    assert candles == sorted(candles, key=lambda one: one.open_time)
    await market.close()
    await simulator.stop()
