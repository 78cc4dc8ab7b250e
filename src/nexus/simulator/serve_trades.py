"""What trades does the public see, when only candles are recorded?

Four for every base candle, at the ends of the quarters of its road, so that any client that lists
trades finds prices that the candles contain.
"""

from nexus.simulator.answers import Json
from nexus.simulator.call import Call
from nexus.simulator.market import Listing
from nexus.simulator.serve_market import price_text

QUARTERS = 4


def trades(call: Call) -> list[Json]:
    """Return the latest public trades: one for each quarter of a candle's road."""
    return [
        {
            "id": one["id"],
            "price": one["price"],
            "qty": one["qty"],
            "quoteQty": one["quote"],
            "time": one["time"],
            "isBuyerMaker": one["falling"],
            "isBestMatch": True,
        }
        for one in _public_trades(call)
    ]


def aggregate_trades(call: Call) -> list[Json]:
    return [
        {
            "a": one["id"],
            "p": one["price"],
            "q": one["qty"],
            "f": one["id"],
            "l": one["id"],
            "T": one["time"],
            "m": one["falling"],
            "M": True,
        }
        for one in _public_trades(call)
    ]


def _public_trades(call: Call) -> list[Json]:
    params = call.params
    listing = call.exchange.market.listings[params.symbol(call.exchange.market.listings)]
    start, end = params.integer("startTime"), params.integer("endTime")
    limit, first_id = params.limit(), params.integer("fromId")
    series, now = listing.series, call.exchange.market.now
    last = series.happened(now if end is None else min(now, end))
    if first_id is not None:
        start = first_id // QUARTERS * series.base
    if start is None:
        first = last - limit // QUARTERS - 2
    else:
        first = int(series.rows["time"].searchsorted(start - series.base))
        last = min(last, first + limit // QUARTERS + 2)
    made = [
        one
        for at in range(max(first, 0), last)
        for one in _quarters(listing, at)
        if one["time"] <= (now if end is None else min(now, end))
        and (start is None or one["time"] >= start)
        and (first_id is None or one["id"] >= first_id)
    ]
    return made[-limit:] if start is None else made[:limit]


def _quarters(listing: Listing, at: int) -> list[Json]:
    series, decimals = listing.series, listing.rules.tick_decimals
    opened = int(series.rows["time"][at])
    qty = max(float(series.rows["volume"][at]) / QUARTERS, 0.0)
    found, before = [], series.price(opened)
    for quarter in range(QUARTERS):
        time = opened + (quarter + 1) * series.base // QUARTERS - 1
        ticks = series.price(time)
        price = ticks / 10**decimals
        found.append(
            {
                "id": opened // series.base * QUARTERS + quarter,
                "price": price_text(ticks, decimals),
                "qty": f"{qty:.8f}",
                "quote": f"{qty * price:.8f}",
                "time": time,
                "falling": ticks < before,
            }
        )
        before = ticks
    return found
