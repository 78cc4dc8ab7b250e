"""How does an open order end before it trades?"""

from nexus.simulator.accounts import Account
from nexus.simulator.call import Call
from nexus.simulator.errors import ApiError, missing_either
from nexus.simulator.orders import Order
from nexus.simulator.params import CLIENT_ID, Params
from nexus.simulator.place import make_client_id

RESTRICTIONS = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}


def find_order(account: Account, symbol: str, params: Params) -> Order | None:
    """Return the order a request names by `orderId` or `origClientOrderId`; both must agree."""
    order_id = params.integer("orderId")
    client_id = params.text("origClientOrderId", CLIENT_ID)
    if order_id is None and client_id is None:
        raise missing_either("origClientOrderId", "orderId")
    if order_id is None:
        return account.named.get((symbol, client_id or ""))
    # Order ids rise, so the newest orders, the ones asked for, are found first.
    for order in reversed(account.orders):
        if order.order_id == order_id and order.symbol == symbol:
            return order if client_id in (None, order.client_id) else None
    return None


def cancel_one(call: Call) -> tuple[Order, str]:
    """Cancel the named order; returns it and the id of the cancel itself."""
    symbol = call.params.symbol(call.exchange.market.listings)
    wanted = _read_restriction(call.params)
    cancel_id = call.params.text("newClientOrderId", CLIENT_ID)
    order = find_order(call.account, symbol, call.params)
    if order is None or not order.is_open:
        raise ApiError(-2011, "Unknown order sent.")
    if wanted is not None and order.status != wanted:
        raise ApiError(-2011, "Order was not canceled due to cancel restrictions.")
    cancel_id = cancel_id or _cancel_id(call, order)
    call.exchange.drop_order(order, call.now, cancel_id)
    return order, cancel_id


def cancel_all(call: Call) -> list[tuple[Order, str]]:
    """Cancel every open order of one symbol; -2011 when there is none."""
    symbol = call.params.symbol(call.exchange.market.listings)
    orders = [one for one in call.account.open_orders.values() if one.symbol == symbol]
    if not orders:
        raise ApiError(-2011, "Unknown order sent.")
    cancel_id = _cancel_id(call, orders[0])
    for order in orders:
        call.exchange.drop_order(order, call.now, cancel_id)
    return [(order, cancel_id) for order in orders]


def _read_restriction(params: Params) -> str | None:
    restriction = params.text("cancelRestrictions")
    if restriction is None:
        return None
    if restriction not in RESTRICTIONS:
        raise ApiError(-1145, "Invalid cancelRestrictions")
    return RESTRICTIONS[restriction]


def _cancel_id(call: Call, order: Order) -> str:
    return make_client_id(call.exchange.seed, "cancel", order.order_id)
