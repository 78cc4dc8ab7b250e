"""Does recorded history tell what was known by then, and nothing later?"""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from nexus.core.clock import SetClock, use
from nexus.exchanges.market_data import RawCandle, RawTicker
from nexus.pipeline.history import RecordedMarket, count_gaps
from tests.scenes import AT
from tests.scripted import BTC

HOUR = timedelta(hours=1)


def candle(hour: int) -> RawCandle:
    low, close = Decimal(hour), Decimal(hour + 1)
    return RawCandle(AT + hour * HOUR, low, close, low, close, Decimal(1))


CANDLES = [candle(hour) for hour in (0, 1, 2, 5, 6)]
MARKET = RecordedMarket({BTC: CANDLES, "ETH/USDT": []}, HOUR)


@pytest.mark.parametrize(
    ("at", "price", "since"),
    [
        (AT + HOUR, 1, AT + HOUR),
        (AT + 2 * HOUR - timedelta(seconds=1), 1, AT + HOUR),
        (AT + 2 * HOUR, 2, AT + 2 * HOUR),
        (AT + 5 * HOUR, 3, AT + 3 * HOUR),  # In the gap, the last price grows old.
        (AT + 99 * HOUR, 7, AT + 7 * HOUR),
    ],
)
async def test_the_price_is_the_newest_close(at: datetime, price: int, since: datetime) -> None:
    with use(SetClock(at)):
        assert await MARKET.tickers([BTC, "ETH/USDT"]) == [RawTicker(BTC, Decimal(price), since)]


async def test_before_the_first_candle_has_closed_there_is_no_price() -> None:
    with use(SetClock(AT + HOUR - timedelta(seconds=1))):
        assert await MARKET.tickers([BTC]) == []


@pytest.mark.parametrize(
    ("hours", "since", "limit", "expected"),
    [
        (3, 0, 1000, [0, 1, 2]),
        (3, 1, 1000, [1, 2]),
        (3, 0, 2, [0, 1]),
        (6, 3, 1000, [5]),
        (2, 2, 1000, []),
        (1, -9, 1000, [0]),
    ],
)
async def test_only_closed_candles_are_given(
    hours: int, since: int, limit: int, expected: list[int]
) -> None:
    with use(SetClock(AT + hours * HOUR)):
        found = await MARKET.candles(BTC, "1h", AT + since * HOUR, limit)
    assert [(row.open_time - AT) // HOUR for row in found] == expected


async def test_it_can_be_closed() -> None:
    await MARKET.close()


def test_gaps_are_counted() -> None:
    assert count_gaps(CANDLES, HOUR) == 1
    assert count_gaps(CANDLES[:3], HOUR) == 0
    assert count_gaps([], HOUR) == 0
