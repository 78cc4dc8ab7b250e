"""What do the order endpoints answer, and what do they leave in the journal?"""

from decimal import Decimal
from typing import Any

from nexus.simulator.answers import Json, amount, canceled, placed, queried
from nexus.simulator.call import Call
from nexus.simulator.cancel import cancel_all, cancel_one, find_order
from nexus.simulator.describe import describe_fill, describe_order
from nexus.simulator.errors import ApiError
from nexus.simulator.orders import Order
from nexus.simulator.params import Params
from nexus.simulator.place import check_wish, read_wish
from nexus.simulator.place import place_order as place
from nexus.simulator.settle import COMMISSION


def new_order(call: Call) -> Json:
    order, form = place(call)
    _count_headers(call)
    _write(call, "POST /api/v3/order", order)
    return placed(order, form)


def test_order(call: Call) -> Json:
    """Check everything but the money, as Binance does, and change nothing."""
    wish, _ = read_wish(call)
    check_wish(call.exchange, call.account, wish)
    if not call.params.flag("computeCommissionRates"):
        return {}
    return {
        "standardCommissionForOrder": _rates(COMMISSION),
        "specialCommissionForOrder": _rates(Decimal(0)),
        "taxCommissionForOrder": _rates(Decimal(0)),
        "discount": bnb_discount(),
    }


def query_order(call: Call) -> Json:
    symbol = call.params.symbol(call.exchange.market.listings)
    order = find_order(call.account, symbol, call.params)
    if order is None:
        raise ApiError(-2013, "Order does not exist.")
    return queried(order)


def cancel_order(call: Call) -> Json:
    order, cancel_id = cancel_one(call)
    _write(call, "DELETE /api/v3/order", order)
    return canceled(order, cancel_id)


def cancel_open_orders(call: Call) -> list[Json]:
    answers = []
    for order, cancel_id in cancel_all(call):
        _write(call, "DELETE /api/v3/openOrders", order)
        answers.append(canceled(order, cancel_id))
    return answers


def open_orders(call: Call) -> list[Json]:
    symbol = call.params.symbol_or_none(call.exchange.market.listings)
    orders = call.account.open_orders.values()
    return [queried(order) for order in orders if symbol in (None, order.symbol)]


def all_orders(call: Call) -> list[Json]:
    """From `orderId` or `startTime` on the first ones, otherwise the newest."""
    params = call.params
    symbol = params.symbol(call.exchange.market.listings)
    limit, first = params.limit(), params.integer("orderId")
    start, end = params.integer("startTime"), params.integer("endTime")
    orders = [
        order
        for order in call.account.orders
        if order.symbol == symbol
        and (first is None or order.order_id >= first)
        and (start is None or order.created >= start)
        and (end is None or order.created <= end)
    ]
    newest = first is None and start is None
    return [queried(order) for order in (orders[-limit:] if newest else orders[:limit])]


def order_limits(call: Call) -> list[Json]:
    limits = call.exchange.governor.limits
    short, day = call.exchange.governor.order_counts(call.account.uid, call.now)
    kind = {"rateLimitType": "ORDERS"}
    return [
        {
            **kind,
            "interval": "SECOND",
            "intervalNum": 10,
            "limit": limits.orders_10s,
            "count": short,
        },
        {**kind, "interval": "DAY", "intervalNum": 1, "limit": limits.orders_day, "count": day},
    ]


def write_refusal(call: Call, endpoint: str, refused: ApiError) -> None:
    """Keep a refused order request or cancel in the journal, too."""
    uid = call.signer.uid if call.signer else None
    call.exchange.count_refusal(endpoint)
    call.exchange.journal.add(
        {
            "at": call.now,
            "account": uid,
            "endpoint": endpoint,
            "client_id": _client_id(call.params),
            "params": _public(call.params),
            "outcome": "rejected",
            "code": refused.code,
            "msg": refused.message,
            "order_id": None,
            "order": None,
            "fills": [],
        }
    )


def bnb_discount() -> Json:
    return {
        "enabledForAccount": False,
        "enabledForSymbol": False,
        "discountAsset": "BNB",
        "discount": "0.75000000",
    }


def _rates(rate: Decimal) -> Json:
    return {"maker": amount(rate), "taker": amount(rate)}


def _count_headers(call: Call) -> None:
    short, day = call.exchange.governor.order_counts(call.account.uid, call.now)
    call.headers["X-MBX-ORDER-COUNT-10S"] = str(short)
    call.headers["X-MBX-ORDER-COUNT-1D"] = str(day)


def _write(call: Call, endpoint: str, order: Order) -> None:
    traded = order.fills if endpoint.startswith("POST") else []
    entry: dict[str, Any] = {
        "at": call.now,
        "account": call.account.uid,
        "endpoint": endpoint,
        "client_id": order.client_id,
        "params": _public(call.params),
        "outcome": "accepted",
        "code": None,
        "msg": None,
        "order_id": order.order_id,
        "order": describe_order(order),
        "fills": [describe_fill(fill) for fill in traded],
    }
    call.exchange.journal.add(entry)


def _client_id(params: Params) -> str | None:
    return params.values.get("newClientOrderId") or params.values.get("origClientOrderId")


def _public(params: Params) -> dict[str, str]:
    return {name: value for name, value in params.values.items() if name != "signature"}
