"""How is an order, a trade or a match written down in the journal?"""

from nexus.simulator.journal import Line
from nexus.simulator.orders import Fill, Order


def describe_match(order: Order, fills: list[Fill]) -> Line:
    """Describe a trade that nobody asked for at that moment: a resting order's."""
    return {
        "at": order.updated,
        "account": order.uid,
        "endpoint": "match",
        "client_id": order.client_id,
        "params": {},
        "outcome": "filled",
        "code": None,
        "msg": None,
        "order_id": order.order_id,
        "order": describe_order(order),
        "fills": [describe_fill(fill) for fill in fills],
    }


def describe_order(order: Order) -> Line:
    return {
        "symbol": order.symbol,
        "side": order.side,
        "type": order.kind,
        "tif": order.tif,
        "price": order.price,
        "stop_price": order.stop_price,
        "qty": order.qty,
        "quote_qty": order.quote_qty,
        "created": order.created,
        "status": order.status,
        "executed": order.executed,
        "quote_spent": order.quote_spent,
    }


def describe_fill(fill: Fill) -> Line:
    return {
        "trade_id": fill.trade_id,
        "price": fill.price,
        "qty": fill.qty,
        "commission": fill.commission,
        "commission_asset": fill.commission_asset,
        "maker": fill.maker,
        "at": fill.at,
    }
