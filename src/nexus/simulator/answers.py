"""How does Binance spell an order, a trade, a cancel, a balance?

Keys and types follow the examples of Binance's REST documentation (2026-07-21), including its
own spelling of `cummulativeQuoteQty`. Amounts are strings of eight decimals.
"""

from decimal import Decimal
from typing import Any

from nexus.simulator.accounts import Account
from nexus.simulator.orders import ZERO, Fill, Order

Json = dict[str, Any]
PREVENTION = {"selfTradePreventionMode": "NONE"}


def amount(value: Decimal) -> str:
    return f"{value:.8f}"


def placed(order: Order, form: str) -> Json:
    """Return the answer to a new order in one of the forms ACK, RESULT and FULL."""
    answer: Json = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "transactTime": order.updated,
    }
    if form == "ACK":
        return answer
    answer |= _amounts(order) | {"workingTime": order.created} | PREVENTION
    if order.is_stop:
        answer["stopPrice"] = amount(order.stop_price)
    if form == "FULL":
        answer["fills"] = [_fill(fill) for fill in order.fills]
    return answer


def canceled(order: Order, cancel_id: str) -> Json:
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": cancel_id,
        "transactTime": order.updated,
        **_amounts(order),
        **PREVENTION,
    }


def queried(order: Order) -> Json:
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        **_amounts(order),
        "stopPrice": amount(order.stop_price),
        "icebergQty": amount(ZERO),
        "time": order.created,
        "updateTime": order.updated,
        "isWorking": not order.is_stop,
        "workingTime": order.created,
        **PREVENTION,
    }


def trade(order: Order, fill: Fill) -> Json:
    return {
        "symbol": order.symbol,
        "id": fill.trade_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "price": amount(fill.price),
        "qty": amount(fill.qty),
        "quoteQty": amount(fill.quote),
        "commission": amount(fill.commission),
        "commissionAsset": fill.commission_asset,
        "time": fill.at,
        "isBuyer": order.is_buy,
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def account_balances(account: Account, assets: list[str], *, omit_zero: bool) -> list[Json]:
    """Return the balances of every asset traded here, in a fixed order."""
    rows = [
        (asset, account.free.get(asset, ZERO), account.locked.get(asset, ZERO)) for asset in assets
    ]
    return [
        {"asset": asset, "free": amount(free), "locked": amount(locked)}
        for asset, free, locked in rows
        if free or locked or not omit_zero
    ]


def _amounts(order: Order) -> Json:
    return {
        "price": amount(order.price),
        "origQty": amount(order.qty),
        "executedQty": amount(order.executed),
        "origQuoteOrderQty": amount(order.quote_qty),
        "cummulativeQuoteQty": amount(order.quote_spent),
        "status": order.status,
        "timeInForce": order.tif,
        "type": order.kind,
        "side": order.side,
    }


def _fill(fill: Fill) -> Json:
    return {
        "price": amount(fill.price),
        "qty": amount(fill.qty),
        "commission": amount(fill.commission),
        "commissionAsset": fill.commission_asset,
        "tradeId": fill.trade_id,
    }
