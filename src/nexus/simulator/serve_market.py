"""What do the public market endpoints answer?"""

from decimal import Decimal
from typing import Any

from nexus.simulator.answers import Json, amount
from nexus.simulator.book import Level, asks, bids
from nexus.simulator.call import Call
from nexus.simulator.candles import Rows
from nexus.simulator.errors import ApiError
from nexus.simulator.intervals import DAY, INTERVALS, close_time
from nexus.simulator.market import Listing
from nexus.simulator.symbols import describe_symbol

STATISTICS = ("FULL", "MINI")
MOST_DEPTH = 5_000


def ping(_call: Call) -> Json:
    return {}


def server_time(call: Call) -> Json:
    return {"serverTime": call.now + call.exchange.skew}


def exchange_info(call: Call) -> Json:
    limits = call.exchange.governor.limits
    return {
        "timezone": "UTC",
        "serverTime": call.now,
        "rateLimits": [
            rate_limit("REQUEST_WEIGHT", "MINUTE", 1, limits.weight),
            rate_limit("ORDERS", "SECOND", 10, limits.orders_10s),
            rate_limit("ORDERS", "DAY", 1, limits.orders_day),
            rate_limit("RAW_REQUESTS", "MINUTE", 5, limits.raw_requests),
        ],
        "exchangeFilters": [],
        "symbols": [describe_symbol(one.rules) for _, one in _wanted(call)],
        "sors": [],
    }


def klines(call: Call) -> list[list[Any]]:
    params = call.params
    symbol = params.symbol(call.exchange.market.listings)
    interval = params.required("interval")
    if interval not in INTERVALS:
        raise ApiError(-1120, "Invalid interval.")
    listing = call.exchange.market.listings[symbol]
    rows = listing.series.klines(
        interval,
        call.exchange.market.now,
        params.integer("startTime"),
        params.integer("endTime"),
        params.limit(),
    )
    decimals = listing.rules.tick_decimals
    return [_kline(row, interval, decimals) for row in rows.tolist()]


def ticker_price(call: Call) -> Json | list[Json]:
    market = call.exchange.market
    return _one_or_all(
        call,
        [{"symbol": name, "price": amount(market.price(name))} for name, _ in _wanted(call)],
    )


def ticker_book(call: Call) -> Json | list[Json]:
    found = []
    for name, listing in _wanted(call):
        last = call.exchange.market.price(name)
        bid, ask = next(bids(listing.rules, last)), next(asks(listing.rules, last))
        found.append({"symbol": name, **_best(bid, ask)})
    return _one_or_all(call, found)


def ticker_24hr(call: Call) -> Json | list[Json]:
    kind = call.params.text("type") or "FULL"
    if kind not in STATISTICS:
        raise ApiError(-1139, "Invalid ticker type.")
    return _one_or_all(call, [_statistics(call, listing, kind) for _, listing in _wanted(call)])


def depth(call: Call) -> Json:
    symbol = call.params.symbol(call.exchange.market.listings)
    limit = call.params.limit(100, MOST_DEPTH)
    rules = call.exchange.rules(symbol)
    last = call.exchange.market.price(symbol)
    return {
        "lastUpdateId": call.exchange.market.now,
        "bids": [_level(level) for level in list(bids(rules, last))[:limit]],
        "asks": [_level(level) for level in list(asks(rules, last))[:limit]],
    }


def average_price(call: Call) -> Json:
    symbol = call.params.symbol(call.exchange.market.listings)
    price = call.exchange.market.average_price(symbol)
    return {"mins": 5, "price": amount(price), "closeTime": call.exchange.market.now}


def no_pairs(_call: Call) -> list[Json]:
    return []


def no_contracts(call: Call) -> Json:
    return {"timezone": "UTC", "serverTime": call.now, "symbols": []}


def _wanted(call: Call) -> list[tuple[str, Listing]]:
    """Return the listings a request names by `symbol` or `symbols`; all when by neither."""
    known = call.exchange.market.listings
    names = call.params.symbols(known)
    if names is None:
        symbol = call.params.symbol_or_none(known)
        names = list(known) if symbol is None else [symbol]
    return [(name, known[name]) for name in names]


def _one_or_all(call: Call, found: list[Json]) -> Json | list[Json]:
    return found[0] if "symbol" in call.params.values else found


def rate_limit(kind: str, interval: str, number: int, limit: int) -> Json:
    return {
        "rateLimitType": kind,
        "interval": interval,
        "intervalNum": number,
        "limit": limit,
    }


def price_text(ticks: int, decimals: int) -> str:
    return amount(Decimal(ticks).scaleb(-decimals))


def _kline(row: tuple[Any, ...], interval: str, decimals: int) -> list[Any]:
    opened, first, high, low, close, volume, quote, count = row
    return [
        opened,
        price_text(first, decimals),
        price_text(high, decimals),
        price_text(low, decimals),
        price_text(close, decimals),
        f"{volume:.8f}",
        close_time(opened, interval),
        f"{quote:.8f}",
        count,
        f"{volume / 2:.8f}",
        f"{quote / 2:.8f}",
        "0",
    ]


def _level(level: Level) -> list[str]:
    return [amount(level.price), amount(level.qty)]


def _best(bid: Level, ask: Level) -> Json:
    return {
        "bidPrice": amount(bid.price),
        "bidQty": amount(bid.qty),
        "askPrice": amount(ask.price),
        "askQty": amount(ask.qty),
    }


def _statistics(call: Call, listing: Listing, kind: str) -> Json:
    now = call.exchange.market.now
    rows, before = _last_day(listing, now)
    decimals, last = listing.rules.tick_decimals, listing.series.price(now)
    first = int(rows["open"][0]) if len(rows) else last
    mini = {
        "symbol": listing.rules.symbol,
        "openPrice": price_text(first, decimals),
        "highPrice": price_text(int(rows["high"].max()) if len(rows) else last, decimals),
        "lowPrice": price_text(int(rows["low"].min()) if len(rows) else last, decimals),
        "lastPrice": price_text(last, decimals),
        "volume": f"{rows['volume'].sum():.8f}",
        "quoteVolume": f"{rows['quote'].sum():.8f}",
        "openTime": now - DAY,
        "closeTime": now,
        **_trade_ids(rows, listing.series.base),
    }
    if kind == "MINI":
        return mini
    price = listing.decimal(last)
    bid, ask = next(bids(listing.rules, price)), next(asks(listing.rules, price))
    volume = float(rows["volume"].sum())
    average = float(rows["quote"].sum()) / volume if volume else float(price)
    return mini | {
        "priceChange": price_text(last - first, decimals),
        "priceChangePercent": f"{(last - first) / first * 100:.3f}",
        "weightedAvgPrice": f"{average:.8f}",
        "prevClosePrice": price_text(before or first, decimals),
        "lastQty": amount(min(bid.qty, ask.qty)),
        **_best(bid, ask),
    }


def _last_day(listing: Listing, now: int) -> tuple[Rows, int]:
    """Return the candles of the last 24 hours, and the close before them (or 0)."""
    series = listing.series
    first = int(series.rows["time"].searchsorted(now - DAY, side="right"))
    before = int(series.rows["close"][first - 1]) if first else 0
    return series.seen(first, series.happened(now), now), before


def _trade_ids(rows: Rows, base: int) -> Json:
    if len(rows) == 0:
        return {"firstId": -1, "lastId": -1, "count": 0}
    first, last = int(rows["time"][0]) // base * 4, int(rows["time"][-1]) // base * 4 + 3
    return {"firstId": first, "lastId": last, "count": int(rows["trades"].sum())}
