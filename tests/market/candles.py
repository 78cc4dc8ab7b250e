"""What do made-up candles look like? Hourly ones from 2024 on, numbered; the same every time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from nexus.exchanges.market_data import RawCandle
from nexus.market.snapshot import Candle, Candles, Health, SymbolView

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BTC = "BTC/USDT"

Number = Decimal | int | str


def opens_at(number: int) -> datetime:
    """Say when the candle of that number opens."""
    return START + HOUR * number


def closes_at(number: int) -> datetime:
    """Say when the candle of that number closes: the next one opens."""
    return opens_at(number + 1)


def raw_candle(number: int, close: Number = 100, **changes: Any) -> RawCandle:
    """Make a candle as a source gives it; it opened, rose and fell no further than its close."""
    price = Decimal(close)
    return replace(RawCandle(opens_at(number), price, price, price, price, Decimal(7)), **changes)


def candle(number: int, close: Number = 100, **changes: Any) -> Candle:
    """Make a candle that was believed."""
    price = Decimal(close)
    return replace(Candle(opens_at(number), price, price, price, price, Decimal(7)), **changes)


def swinging(number: int, close: Number, swing: Number = 1) -> Candle:
    """Make a candle that went `swing` above and below its close."""
    price, width = Decimal(close), Decimal(swing)
    return candle(number, price, high=price + width, low=price - width)


def candles(rows: Iterable[Candle]) -> Candles:
    """Put candles together as a strategy sees them."""
    return Candles(BTC, HOUR, tuple(rows))


def series(closes: Iterable[Number], swing: Number = 1) -> Candles:
    """Make candles that close at these prices, from number 0 on."""
    return candles(swinging(number, close, swing) for number, close in enumerate(closes))


def view(seen: Candles, price: Number | None = None, health: Health = Health.FRESH) -> SymbolView:
    """Show one symbol at the close of its newest candle, by default at that candle's price."""
    at = seen.last.open_time + seen.timeframe if seen.rows else START
    last = seen.last.close if seen.rows else None
    shown = last if price is None else Decimal(price)
    return SymbolView(seen.symbol, shown, at, seen, health, "made-up")


def chances(seed: int) -> Iterator[int]:
    """Draw numbers from 0 to 999, the same on every machine and every Python."""
    state = seed
    while True:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        yield (state >> 33) % 1000


def wandering(seed: int, count: int, price: Number = 1000) -> list[Candle]:
    """Make a market that drifts up, down and sideways by turns, in exact decimals."""
    drawn, last, rows = chances(seed), Decimal(price), []
    for number in range(count):
        drift = (4, -5, 0)[number // 120 % 3]
        change = Decimal(next(drawn) - 500 + 25 * drift) / 50_000
        close = (last * (1 + change)).quantize(Decimal("0.01"))
        up, down = (1 + Decimal(next(drawn)) / 100_000 for _ in range(2))
        high = (max(last, close) * up).quantize(Decimal("0.01"))
        low = (min(last, close) / down).quantize(Decimal("0.01"))
        rows.append(Candle(opens_at(number), last, high, low, close, Decimal(next(drawn))))
        last = close
    return rows
