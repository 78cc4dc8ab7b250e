"""What do the account endpoints answer?"""

from decimal import Decimal

from nexus.simulator.answers import Json, account_balances, amount, trade
from nexus.simulator.call import Call
from nexus.simulator.errors import ApiError, bad_combination
from nexus.simulator.intervals import DAY
from nexus.simulator.keys import RIGHTS
from nexus.simulator.serve_orders import bnb_discount
from nexus.simulator.settle import COMMISSION

BASIS_POINTS = 10_000


def account(call: Call) -> Json:
    who = call.account
    points = int(COMMISSION * BASIS_POINTS)
    rate = amount(COMMISSION)
    return {
        "makerCommission": points,
        "takerCommission": points,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": rate,
            "taker": rate,
            "buyer": amount(Decimal(0)),
            "seller": amount(Decimal(0)),
        },
        "canTrade": who.can_trade,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": who.updated,
        "accountType": who.kind,
        "balances": account_balances(
            who, traded_assets(call), omit_zero=call.params.flag("omitZeroBalances")
        ),
        "permissions": [who.kind],
        "uid": who.uid,
    }


def my_trades(call: Call) -> list[Json]:
    """From `fromId` or `startTime` on the first trades, otherwise the newest."""
    params = call.params
    symbol = params.symbol(call.exchange.market.listings)
    limit, order_id, first = params.limit(), params.integer("orderId"), params.integer("fromId")
    start, end = params.integer("startTime"), params.integer("endTime")
    if first is not None and (start is not None or end is not None):
        raise bad_combination()
    if start is not None and end is not None and end - start > DAY:
        raise ApiError(-1127, "More than 24 hours between startTime and endTime.")
    found = [
        (order, fill)
        for order in call.account.orders
        if order.symbol == symbol and order_id in (None, order.order_id)
        for fill in order.fills
        if (first is None or fill.trade_id >= first)
        and (start is None or fill.at >= start)
        and (end is None or fill.at <= end)
    ]
    # A resting order trades later than orders placed after it.
    found.sort(key=lambda pair: pair[1].trade_id)
    newest = first is None and start is None
    return [trade(*pair) for pair in (found[-limit:] if newest else found[:limit])]


def commission(call: Call) -> Json:
    none = {side: amount(Decimal(0)) for side in ("maker", "taker", "buyer", "seller")}
    rate = amount(COMMISSION)
    return {
        "symbol": call.params.symbol(call.exchange.market.listings),
        "standardCommission": {**none, "maker": rate, "taker": rate},
        "specialCommission": none,
        "taxCommission": none,
        "discount": bnb_discount(),
    }


def api_restrictions(call: Call) -> Json:
    """Return what this key may do, as its owner ticked it."""
    api_key = call.key
    told: Json = {"ipRestrict": api_key.ip_restrict, "createTime": api_key.created}
    if api_key.trading_until is not None:
        told["tradingAuthorityExpirationTime"] = api_key.trading_until
    return told | {name: api_key.may(name, call.now) for name in RIGHTS}


def trade_fee(call: Call) -> list[Json]:
    symbol = call.params.symbol_or_none(call.exchange.market.listings)
    rate = f"{COMMISSION}"
    return [
        {"symbol": name, "makerCommission": rate, "takerCommission": rate}
        for name in call.exchange.market.listings
        if symbol in (None, name)
    ]


def coins(call: Call) -> list[Json]:
    """Every asset with its balance; nothing can be sent in or out, so no networks."""
    who = call.account
    zero = Decimal(0)
    return [
        {
            "coin": asset,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "name": asset,
            "free": amount(who.free.get(asset, zero)),
            "locked": amount(who.locked.get(asset, zero)),
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "networkList": [],
        }
        for asset in traded_assets(call)
    ]


def traded_assets(call: Call) -> list[str]:
    assets: dict[str, None] = {}
    for listing in call.exchange.market.listings.values():
        assets |= {listing.rules.base: None, listing.rules.quote: None}
    return list(assets)
