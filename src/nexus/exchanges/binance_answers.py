"""What do Binance's answers say? Turns their JSON into our words, with every number a Decimal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from nexus.exchanges.answers import UnreadableError, read_amount, read_moment
from nexus.exchanges.market_data import RawCandle, RawTicker
from nexus.exchanges.protocol import Fill, Filters, Holder, Report, VenueStatus

STATUSES = {status.value: status for status in VenueStatus} | {
    "EXPIRED_IN_MATCH": VenueStatus.EXPIRED,
    "PENDING_NEW": VenueStatus.NEW,
    "PENDING_CANCEL": VenueStatus.NEW,
}


def market_id(symbol: str) -> str:
    """Write a symbol the way Binance does: BTC/USDT becomes BTCUSDT."""
    return symbol.replace("/", "")


def read_order(body: Any) -> Report:
    """Read an order, new or queried; raises UnreadableError when anything we need is missing."""
    if not isinstance(body, dict):
        raise UnreadableError("the answer is not an order")
    number, status = body.get("orderId"), STATUSES.get(str(body.get("status")))
    if not isinstance(number, int) or status is None:
        raise UnreadableError("the answer has no order id or no known status")
    executed = read_amount(body, "executedQty")
    at = body.get("transactTime")
    fills = read_fills(body.get("fills", ()), at)
    return Report(
        exchange_order_id=str(number),
        client_order_id=str(body.get("clientOrderId")),
        status=status,
        executed_quantity=executed,
        executed_quote=read_amount(body, "cummulativeQuoteQty"),
        fills=fills if sum(fill.quantity for fill in fills) == executed else (),
    )


def read_fills(entries: Any, at: Any = None) -> tuple[Fill, ...]:
    """Read the fills of an order answer (made `at`) or of a trade list (each with its time)."""
    try:
        return tuple(
            Fill(
                trade_id=str(entry["tradeId"] if "tradeId" in entry else entry["id"]),
                price=read_amount(entry, "price"),
                quantity=read_amount(entry, "qty"),
                fee=read_amount(entry, "commission"),
                fee_asset=str(entry["commissionAsset"]),
                at=read_moment(entry.get("time", at)),
            )
            for entry in entries
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"a fill lacks {error}") from error


def read_balances(body: Any) -> dict[str, Decimal]:
    """Read what is free, per asset."""
    try:
        return {entry["asset"]: read_amount(entry, "free") for entry in body["balances"]}
    except (KeyError, TypeError) as error:
        raise UnreadableError(f"the balances lack {error}") from error


def read_holder(body: Any) -> Holder:
    """Read whose account it is; what was not said counts as not allowed."""
    return Holder(
        uid=str(body["uid"]),
        kind=str(body.get("accountType", "")),
        can_trade=body.get("canTrade") is True,
        free=read_balances(body),
    )


def read_filters(body: Any, symbols: Iterable[str]) -> dict[str, Filters]:
    """Read the filters of `symbols`; a symbol the answer does not hold is left out."""
    try:
        told = {entry["symbol"]: entry for entry in body["symbols"]}
        return {
            symbol: _filters(symbol, told[market_id(symbol)])
            for symbol in symbols
            if market_id(symbol) in told
        }
    except (KeyError, TypeError) as error:
        raise UnreadableError(f"the filters lack {error}") from error


def _filters(symbol: str, entry: Mapping[str, Any]) -> Filters:
    """Take the stricter of the two lot sizes: we send market orders only."""
    by_type = {item["filterType"]: item for item in entry["filters"]}
    lot, market_lot = by_type["LOT_SIZE"], by_type.get("MARKET_LOT_SIZE", by_type["LOT_SIZE"])
    notional = by_type.get("NOTIONAL") or by_type["MIN_NOTIONAL"]
    lots = (lot, market_lot)
    return Filters(
        symbol=symbol,
        tick_size=read_amount(by_type["PRICE_FILTER"], "tickSize"),
        step_size=max(read_amount(item, "stepSize") for item in lots),
        min_quantity=max(read_amount(item, "minQty") for item in lots),
        max_quantity=min(filter(None, (read_amount(item, "maxQty") for item in lots))),
        min_notional=read_amount(notional, "minNotional"),
        trading=entry["status"] == "TRADING",
        rests_stops="STOP_LOSS" in entry.get("orderTypes", ()),
    )


def add_volumes(filters: Mapping[str, Filters], body: Any) -> dict[str, Filters]:
    """Add to each symbol what was traded of it in 24 hours; raises UnreadableError."""
    told = {str(entry.get("symbol")): entry for entry in _list(body) if isinstance(entry, dict)}
    return {
        symbol: replace(
            item,
            quote_volume=read_amount(told[market_id(symbol)], "quoteVolume"),
            last_price=read_amount(told[market_id(symbol)], "lastPrice"),
        )
        if market_id(symbol) in told
        else item
        for symbol, item in filters.items()
    }


def read_round_trip_bps(body: Any) -> Decimal:
    """Read what an account pays to buy and sell at the market once, in hundredths of a percent.

    Binance adds up three commissions, each with a part for taking and one for the side.
    """
    names = ("standardCommission", "specialCommission", "taxCommission")
    try:
        rates = [body[name] for name in names if name in body]
        parts = [
            read_amount(rate, part)
            for rate in rates
            for part in ("taker", "taker", "buyer", "seller")
        ]
    except (KeyError, TypeError) as error:
        raise UnreadableError(f"the commission lacks {error}") from error
    if "standardCommission" not in body:
        raise UnreadableError("the commission lacks its standard part")
    return sum(parts, Decimal(0)) * 10_000


def read_tickers(body: Any, symbols: Sequence[str]) -> list[RawTicker]:
    """Read the last prices, unjudged; an entry that cannot be read at all is left out."""
    names = {market_id(symbol): symbol for symbol in symbols}
    tickers = []
    for entry in _list(body):
        try:
            symbol = names[entry["symbol"]]
            price, at = Decimal(str(entry["lastPrice"])), read_moment(entry["closeTime"])
        except (KeyError, TypeError, InvalidOperation, UnreadableError):
            continue
        tickers.append(RawTicker(symbol, price, at))
    return tickers


def read_candles(body: Any) -> list[RawCandle]:
    """Read klines, unjudged; a row that cannot be read at all spoils the answer."""
    try:
        return [
            RawCandle(read_moment(row[0]), *(Decimal(str(value)) for value in row[1:6]))
            for row in _list(body)
        ]
    except (TypeError, IndexError, InvalidOperation) as error:
        raise UnreadableError("a candle is not a row of numbers") from error


def _list(body: Any) -> list[Any]:
    if not isinstance(body, list):
        raise UnreadableError("the answer is not a list")
    return body
