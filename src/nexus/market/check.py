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
class Suspect:
    """A price that is too far away to be believed, and since when its source has said so."""

    price: Decimal
    source: str
    since: datetime
    """By the source's own time: one that repeats an old price does not insist on it."""


@dataclass(frozen=True, slots=True)
class Believed:
    """The last price we believed, who said it, and one we did not believe yet."""

    price: Decimal | None = None
    at: datetime | None = None
    source: str = ""
    suspect: Suspect | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """What makes a price a spike, and what makes a spike true."""

    percent: Decimal
    """How far from the last price a market does not move at once."""
    patience: timedelta
    """How long a source must insist when no other can be asked."""


def is_price(value: Decimal) -> bool:
    """Say whether a value is a finite, positive amount."""
    return value.is_finite() and 0 < value < TOO_LARGE


def is_spike(value: Decimal, before: Decimal | None, percent: Decimal) -> bool:
    """Say whether a value lies further from the one before than a market moves."""
    return before is not None and abs(value / before - 1) * 100 > percent


def check_ticker(
    ticker: RawTicker, source: str, last: Believed, at: datetime, doubt: Doubt
) -> tuple[Believed, Refusal | None]:
    """Believe a ticker or refuse it. A spike is believed once its source has insisted on it."""

    def refuse(kind: str, detail: str) -> tuple[Believed, Refusal]:
        return last, Refusal(ticker.symbol, kind, detail)

    if not is_price(ticker.price):
        return refuse("not_a_price", str(ticker.price))
    if ticker.at > at + AHEAD_TOLERATED:
        return refuse("from_the_future", ticker.at.isoformat())
    if last.at is not None and ticker.at < last.at:
        return refuse("out_of_order", f"{ticker.at.isoformat()} after {last.at.isoformat()}")
    if is_spike(ticker.price, last.price, doubt.percent):
        suspect = _suspect(ticker, source, last.suspect, doubt)
        if ticker.at - suspect.since < doubt.patience:
            suspected = Believed(last.price, last.at, last.source, suspect)
            return suspected, Refusal(ticker.symbol, "spike", f"{last.price} to {ticker.price}")
    return Believed(ticker.price, ticker.at, source), None


def second_opinion(
    ticker: RawTicker, source: str, last: Believed, at: datetime, doubt: Doubt
) -> Believed:
    """Let a second source judge a suspected spike: agreement makes it true.

    One that still sees the old price ends the first one's insisting; then nobody is believed,
    the price grows stale, and nothing trades until the two agree again.
    """
    suspect = last.suspect
    if suspect is None or not is_price(ticker.price) or ticker.at > at + AHEAD_TOLERATED:
        return last
    if last.at is not None and ticker.at < last.at:
        return last
    if not is_spike(ticker.price, last.price, doubt.percent):
        again = Suspect(suspect.price, suspect.source, max(suspect.since, ticker.at))
        return Believed(last.price, last.at, last.source, again)
    if is_spike(ticker.price, suspect.price, doubt.percent):
        return last
    return Believed(ticker.price, ticker.at, source)


def _suspect(ticker: RawTicker, source: str, before: Suspect | None, doubt: Doubt) -> Suspect:
    """Note a spike, or that its source says it still."""
    insists = (
        before is not None
        and before.source == source
        and not is_spike(ticker.price, before.price, doubt.percent)
    )
    since = before.since if before is not None and insists else ticker.at
    return Suspect(ticker.price, source, since)


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
