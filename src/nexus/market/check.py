"""Can this value be believed? Pure rules; a refused value is counted and never used."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from nexus.core.clock import to_ms
from nexus.exchanges.market_data import RawCandle, RawTicker
from nexus.market.snapshot import Candle

TOO_LARGE = Decimal("1e15")
AHEAD_TOLERATED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that was not believed, and why."""

    symbol: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Believed:
    """The last price we believed, and one we did not yet."""

    price: Decimal | None = None
    at: datetime | None = None
    suspect: Decimal | None = None


def is_price(value: Decimal) -> bool:
    """Say whether a value is a finite, positive amount."""
    return value.is_finite() and 0 < value < TOO_LARGE


def is_spike(value: Decimal, before: Decimal | None, percent: Decimal) -> bool:
    """Say whether a value lies further from the one before than a market moves."""
    return before is not None and abs(value / before - 1) * 100 > percent


def check_ticker(
    ticker: RawTicker, last: Believed, at: datetime, spike_percent: Decimal
) -> tuple[Believed, Refusal | None]:
    """Believe a ticker or refuse it. A spike is believed once a second look agrees with it."""

    def refuse(kind: str, detail: str) -> tuple[Believed, Refusal]:
        return last, Refusal(ticker.symbol, kind, detail)

    if not is_price(ticker.price):
        return refuse("not_a_price", str(ticker.price))
    if ticker.at > at + AHEAD_TOLERATED:
        return refuse("from_the_future", ticker.at.isoformat())
    if last.at is not None and ticker.at < last.at:
        return refuse("out_of_order", f"{ticker.at.isoformat()} after {last.at.isoformat()}")
    if is_spike(ticker.price, last.price, spike_percent) and (
        last.suspect is None or is_spike(ticker.price, last.suspect, spike_percent)
    ):
        suspected = Believed(last.price, last.at, suspect=ticker.price)
        return suspected, Refusal(ticker.symbol, "spike", f"{last.price} to {ticker.price}")
    return Believed(ticker.price, ticker.at), None


def check_candles(
    symbol: str,
    raw: Iterable[RawCandle],
    *,
    after: Candle | None,
    timeframe: timedelta,
    closed_by: datetime,
    spike_percent: Decimal,
) -> Iterator[Candle | Refusal]:
    """Believe or refuse candles that follow `after`, oldest first; mark where some are missing.

    The candle that is still open at `closed_by` is dropped in silence, as is one we have.
    """
    last, suspect = after, None
    for candle in raw:
        if candle.open_time + timeframe > closed_by:
            continue
        if after is not None and candle.open_time <= after.open_time:
            continue
        fault = _fault_in(candle, last, timeframe)
        if fault is None and last and is_spike(candle.close, last.close, spike_percent):
            if suspect is None or is_spike(candle.close, suspect, spike_percent):
                fault = "spike"
            suspect = candle.close
        if fault is not None:
            yield Refusal(symbol, fault, f"{candle.open_time.isoformat()} close={candle.close}")
            continue
        last = Candle(
            candle.open_time, candle.open, candle.high, candle.low, candle.close, candle.volume,
            gap_before=last is not None and candle.open_time > last.open_time + timeframe,
        )  # fmt: skip
        suspect = None
        yield last


def _fault_in(candle: RawCandle, last: Candle | None, timeframe: timedelta) -> str | None:
    """Name what is wrong with a candle by itself and in its place, if anything."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    if not all(is_price(price) for price in prices):
        return "not_a_price"
    if not (candle.volume.is_finite() and 0 <= candle.volume < TOO_LARGE):
        return "not_a_volume"
    if candle.low != min(prices) or candle.high != max(prices):
        return "impossible"
    if to_ms(candle.open_time) % round(timeframe.total_seconds() * 1000):
        return "misaligned"
    if last is not None and candle.open_time <= last.open_time:
        return "out_of_order"
    return None
