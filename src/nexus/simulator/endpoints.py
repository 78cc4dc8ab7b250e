"""Which endpoints are there, what do they weigh, and who may call them?

Weights are those of Binance's documentation as of 2026-07-21: a successful order weighs nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nexus.simulator import serve_account, serve_market, serve_orders, serve_trades
from nexus.simulator.call import Call
from nexus.simulator.keys import READ, TRADE
from nexus.simulator.params import Params

Weight = Callable[[Params], int]

SIGNED = frozenset({"timestamp", "recvWindow", "signature"})
PAGE = frozenset({"startTime", "endTime", "limit"})
NAMED = frozenset({"symbol", "symbols", "symbolStatus"})
NEW_ORDER = frozenset(
    {
        "symbol",
        "side",
        "type",
        "timeInForce",
        "quantity",
        "quoteOrderQty",
        "price",
        "newClientOrderId",
        "strategyId",
        "strategyType",
        "stopPrice",
        "trailingDelta",
        "icebergQty",
        "newOrderRespType",
        "selfTradePreventionMode",
        "pegPriceType",
        "pegOffsetValue",
        "pegOffsetType",
    }
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and path: its handler, weight, parameters, and whether it must be signed."""

    answer: Callable[[Call], Any]
    weight: int | Weight
    params: frozenset[str] = frozenset()
    signed: bool = False
    # Counted as a look at the market: the number that may not grow with the number of users.
    market_data: bool = False
    # An order request: weighs only when refused, and every one of them is in the journal.
    is_order: bool = False
    # What the key must be allowed to do; None asks for nothing but a key.
    right: str | None = None


def _public(answer: Callable[[Call], Any], weight: int | Weight, *params: str) -> Endpoint:
    return Endpoint(answer, weight, frozenset(params), market_data=True)


def _signed(answer: Callable[[Call], Any], weight: int | Weight, *params: str) -> Endpoint:
    return Endpoint(answer, weight, SIGNED | frozenset(params), signed=True, right=READ)


def _order(answer: Callable[[Call], Any], *params: str) -> Endpoint:
    accepted = SIGNED | frozenset(params)
    return Endpoint(answer, 1, accepted, signed=True, is_order=True, right=TRADE)


def _count(params: Params) -> int:
    """How many symbols a ticker request names; 0 means all."""
    if "symbol" in params.values:
        return 1
    return params.values.get("symbols", "").count('"') // 2


def _statistics_weight(params: Params) -> int:
    count = _count(params)
    if not 1 <= count <= 100:  # noqa: PLR2004 - the steps of Binance's table
        return 80
    return 2 if count <= 20 else 40  # noqa: PLR2004


def _ticker_weight(params: Params) -> int:
    return 2 if "symbol" in params.values else 4


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, 5_000)
    return next(weight for most, weight in DEPTH_WEIGHTS if limit <= most)


DEPTH_WEIGHTS = ((100, 5), (500, 25), (1_000, 50), (5_000, 250))


def _open_orders_weight(params: Params) -> int:
    return 6 if "symbol" in params.values else 80


def _my_trades_weight(params: Params) -> int:
    return 5 if "orderId" in params.values else 20


def _test_weight(params: Params) -> int:
    return 20 if params.flag("computeCommissionRates") else 1


ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/ping"): Endpoint(serve_market.ping, 1),
    ("GET", "/api/v3/time"): Endpoint(serve_market.server_time, 1),
    ("GET", "/api/v3/exchangeInfo"): Endpoint(
        serve_market.exchange_info, 20, NAMED | {"permissions", "showPermissionSets"}
    ),
    ("GET", "/api/v3/klines"): _public(
        serve_market.klines, 2, "symbol", "interval", "timeZone", *PAGE
    ),
    ("GET", "/api/v3/ticker/24hr"): _public(
        serve_market.ticker_24hr, _statistics_weight, "type", *NAMED
    ),
    ("GET", "/api/v3/ticker/price"): _public(serve_market.ticker_price, _ticker_weight, *NAMED),
    ("GET", "/api/v3/ticker/bookTicker"): _public(serve_market.ticker_book, _ticker_weight, *NAMED),
    ("GET", "/api/v3/depth"): _public(
        serve_market.depth, _depth_weight, "symbol", "limit", "symbolStatus"
    ),
    ("GET", "/api/v3/avgPrice"): _public(serve_market.average_price, 2, "symbol"),
    ("GET", "/api/v3/trades"): _public(serve_trades.trades, 25, "symbol", "limit"),
    ("GET", "/api/v3/aggTrades"): _public(
        serve_trades.aggregate_trades, 4, "symbol", "fromId", *PAGE
    ),
    ("POST", "/api/v3/order"): _order(serve_orders.new_order, *NEW_ORDER),
    ("DELETE", "/api/v3/order"): _order(
        serve_orders.cancel_order,
        "symbol",
        "orderId",
        "origClientOrderId",
        "newClientOrderId",
        "cancelRestrictions",
    ),
    ("DELETE", "/api/v3/openOrders"): _order(serve_orders.cancel_open_orders, "symbol"),
    ("POST", "/api/v3/order/test"): Endpoint(
        serve_orders.test_order,
        _test_weight,
        SIGNED | NEW_ORDER | {"computeCommissionRates"},
        signed=True,
        right=TRADE,
    ),
    ("GET", "/api/v3/order"): _signed(
        serve_orders.query_order, 4, "symbol", "orderId", "origClientOrderId"
    ),
    ("GET", "/api/v3/openOrders"): _signed(serve_orders.open_orders, _open_orders_weight, "symbol"),
    ("GET", "/api/v3/allOrders"): _signed(serve_orders.all_orders, 20, "symbol", "orderId", *PAGE),
    ("GET", "/api/v3/rateLimit/order"): _signed(serve_orders.order_limits, 40),
    ("GET", "/api/v3/account"): _signed(serve_account.account, 20, "omitZeroBalances"),
    ("GET", "/api/v3/myTrades"): _signed(
        serve_account.my_trades, _my_trades_weight, "symbol", "orderId", "fromId", *PAGE
    ),
    ("GET", "/api/v3/account/commission"): _signed(serve_account.commission, 20, "symbol"),
    # Every key may ask what it may do.
    ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint(
        serve_account.api_restrictions, 1, SIGNED, signed=True
    ),
    ("GET", "/sapi/v1/asset/tradeFee"): _signed(serve_account.trade_fee, 1, "symbol"),
    ("GET", "/sapi/v1/capital/config/getall"): _signed(serve_account.coins, 10),
    # Margin pairs and futures are not traded here, but clients that load every market ask.
    ("GET", "/sapi/v1/margin/allPairs"): Endpoint(serve_market.no_pairs, 1, SIGNED),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Endpoint(
        serve_market.no_pairs, 10, SIGNED | {"symbol"}
    ),
    ("GET", "/fapi/v1/exchangeInfo"): Endpoint(serve_market.no_contracts, 1),
    ("GET", "/dapi/v1/exchangeInfo"): Endpoint(serve_market.no_contracts, 1),
}
