"""How does a request become an order?

First its shape (which parameters go together), then the symbol's filters, then the account's
money, then the book. A refusal changes nothing.
"""

import hashlib

from nexus.simulator.accounts import ALPHABET, Account
from nexus.simulator.call import Call
from nexus.simulator.errors import (
    ApiError,
    bad_combination,
    filter_failure,
    insufficient_balance,
    invalid_data,
    missing,
    missing_either,
    not_required,
    rejected,
)
from nexus.simulator.exchange import Exchange
from nexus.simulator.faults import PARTIAL
from nexus.simulator.filters import MARKET, STOP, Wish, check_filters
from nexus.simulator.match import Taken, take, thin, would_take
from nexus.simulator.orders import ZERO, Order
from nexus.simulator.params import CLIENT_ID, Params

SIDES = ("BUY", "SELL")
KINDS = ("LIMIT", "LIMIT_MAKER", MARKET, STOP)
TIFS = ("GTC", "IOC", "FOK")
RESPONSES = ("ACK", "RESULT", "FULL")
STOPS = {
    "STOP_LOSS_LIMIT": "Stop loss limit orders are not supported for this symbol.",
    "TAKE_PROFIT": "Take profit orders are not supported for this symbol.",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are not supported for this symbol.",
}
# What each kind may not carry: Binance names the parameter that was sent when not required.
FORBIDDEN = {
    MARKET: ("price", "timeInForce"),
    "LIMIT": ("quoteOrderQty",),
    "LIMIT_MAKER": ("quoteOrderQty", "timeInForce"),
    STOP: ("price", "quoteOrderQty", "timeInForce"),
}
NO_STOP = "Stop loss orders are not supported for this symbol."
UNSUPPORTED = {
    "trailingDelta": "Trailing stop orders are not supported for this symbol.",
    "icebergQty": "Iceberg orders are not supported for this symbol.",
    "pegPriceType": "Pegged orders are not supported for this symbol.",
}


def place_order(call: Call) -> tuple[Order, str]:
    """Place the order of a request; returns it and the wanted form of the answer."""
    exchange, account = call.exchange, call.account
    wish, response = read_wish(call)
    if not account.can_trade:
        raise rejected("This action is disabled on this account.")
    exchange.governor.admit_order(account.uid, call.now)
    taken = check_wish(exchange, account, wish)
    check_money(exchange, account, wish, taken)
    if wish.kind == MARKET:
        fault = exchange.faults.take((PARTIAL,), "POST /api/v3/order", account.uid)
        if fault is not None:
            exchange.note_fault(fault, "POST /api/v3/order", account.uid)
            taken = thin(taken, fault.share, exchange.rules(wish.symbol))
    order = _make_order(exchange, account, wish, call.now)
    status = _status_after(wish, taken)
    if wish.kind == MARKET and wish.quote_qty:
        order.qty = taken.qty
    pieces = [] if status == "EXPIRED" and wish.tif == "FOK" else taken.pieces
    fills = [
        exchange.make_fill(order, piece.price, piece.qty, maker=False, at=call.now)
        for piece in pieces
    ]
    exchange.governor.count_order(account.uid, call.now)
    exchange.admit_order(order, fills, status)
    return order, response


def read_wish(call: Call) -> tuple[Wish, str]:
    """Read the parameters of a new order; raises for every combination Binance refuses."""
    params = call.params
    symbol = params.symbol(call.exchange.market.listings)
    side = _choice(params.required("side"), SIDES, ApiError(-1117, "Invalid side."))
    kind = params.required("type")
    if kind in STOPS:
        raise rejected(STOPS[kind])
    _choice(kind, KINDS, ApiError(-1116, "Invalid orderType."))
    response = _read_response(params, kind)
    _refuse_extras(params, kind)
    wish = Wish(
        symbol=symbol,
        side=side,
        kind=kind,
        tif=_read_tif(params, kind),
        qty=params.amount("quantity") or ZERO,
        quote_qty=params.amount("quoteOrderQty") or ZERO,
        price=params.amount("price") or ZERO,
        client_id=params.text("newClientOrderId", CLIENT_ID) or "",
        stop_price=params.amount("stopPrice") or ZERO,
    )
    _require_amounts(params, wish)
    return wish, response


def check_wish(exchange: Exchange, account: Account, wish: Wish) -> Taken:
    """Raise when the filters, the client id or the book refuse; returns what the book gives."""
    rules = exchange.rules(wish.symbol)
    mine = [order for order in account.open_orders.values() if order.symbol == wish.symbol]
    stops = sum(order.is_stop for order in mine)
    check_filters(rules, wish, exchange.market.average_price(wish.symbol), len(mine), stops)
    if wish.client_id and account.has_open_client_id(wish.client_id):
        raise rejected("Duplicate order sent.")
    last = exchange.market.price(wish.symbol)
    if wish.kind == STOP:
        if last <= wish.stop_price:
            raise rejected("Stop price would trigger immediately.")
        return Taken([], ran_out=True)
    if wish.kind == "LIMIT_MAKER":
        if would_take(rules, last, wish):
            raise rejected("Order would immediately match and take.")
        return Taken([], ran_out=True)
    taken = take(rules, last, wish)
    if wish.quote_qty and not taken.pieces:
        # The money does not buy a single lot.
        raise filter_failure("LOT_SIZE")
    return taken


def check_money(exchange: Exchange, account: Account, wish: Wish, taken: Taken) -> None:
    """Raise -2010 unless the account can pay for all of it, at the worst price it allows."""
    rules = exchange.rules(wish.symbol)
    if wish.is_buy:
        asset = rules.quote
        needed = wish.quote_qty or (taken.quote if wish.kind == MARKET else wish.qty * wish.price)
    else:
        asset, needed = rules.base, wish.qty or taken.qty
    # A defaultdict would remember every asset ever asked for.
    if account.free.get(asset, ZERO) < needed:
        raise insufficient_balance()


def _status_after(wish: Wish, taken: Taken) -> str:
    if not taken.ran_out:
        return "FILLED"
    if wish.kind == MARKET or wish.tif in ("IOC", "FOK"):
        return "EXPIRED"
    return "PARTIALLY_FILLED" if taken.pieces else "NEW"


def _make_order(exchange: Exchange, account: Account, wish: Wish, now: int) -> Order:
    order_id = exchange.new_order_id()
    return Order(
        order_id=order_id,
        uid=account.uid,
        symbol=wish.symbol,
        client_id=wish.client_id or make_client_id(exchange.seed, "order", order_id),
        side=wish.side,
        kind=wish.kind,
        tif=wish.tif,
        price=wish.price,
        qty=wish.qty,
        quote_qty=wish.quote_qty,
        created=now,
        updated=now,
        stop_price=wish.stop_price,
    )


def make_client_id(*parts: object) -> str:
    """Return the id Binance invents when none was given: 22 letters and digits."""
    digest = hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:22])


def _choice(value: str, allowed: tuple[str, ...], problem: ApiError) -> str:
    if value not in allowed:
        raise problem
    return value


def _read_response(params: Params, kind: str) -> str:
    usual = "ACK" if kind in ("LIMIT_MAKER", STOP) else "FULL"
    wanted = params.text("newOrderRespType") or usual
    return _choice(wanted, RESPONSES, invalid_data("newOrderRespType"))


def _read_tif(params: Params, kind: str) -> str:
    if kind != "LIMIT":
        return "GTC"
    return _choice(params.required("timeInForce"), TIFS, ApiError(-1115, "Invalid timeInForce."))


def _refuse_extras(params: Params, kind: str) -> None:
    # Of the stop orders only the one that sells at the market is traded here.
    if kind == STOP and params.values["side"] == "BUY":
        raise rejected(NO_STOP)
    if kind != STOP and "stopPrice" in params.values:
        raise rejected(NO_STOP)
    for name, message in UNSUPPORTED.items():
        if name in params.values:
            raise rejected(message)
    for name in FORBIDDEN[kind]:
        if name in params.values:
            raise not_required(name)


def _require_amounts(params: Params, wish: Wish) -> None:
    if wish.kind != MARKET:
        for name in ("quantity", "stopPrice" if wish.kind == STOP else "price"):
            if name not in params.values:
                raise missing(name)
    elif "quantity" in params.values and "quoteOrderQty" in params.values:
        raise bad_combination()
    elif "quantity" not in params.values and "quoteOrderQty" not in params.values:
        raise missing_either("quantity", "quoteOrderQty")
    if "quantity" in params.values and not wish.qty:
        raise filter_failure("LOT_SIZE")
    if "quoteOrderQty" in params.values and not wish.quote_qty:
        raise filter_failure("NOTIONAL")
