"""How does Binance spell what it tells an account over its user data stream?

Names follow Binance's user-data-stream documentation: one letter each, amounts as strings.
"""

from collections.abc import Iterable
from decimal import Decimal

from nexus.simulator.accounts import Account
from nexus.simulator.answers import Json, amount
from nexus.simulator.orders import ZERO, Fill, Order


def placed_events(order: Order, fills: list[Fill], now: int) -> list[Json]:
    """Tell of a new order, of each of its trades, and of its end when it did not rest."""
    told = [report(order, "NEW", "NEW", now, created=True)]
    return told + ended_events(order, fills, now)


def ended_events(order: Order, fills: list[Fill], now: int) -> list[Json]:
    """Tell of trades of an order, and of its end where something of it was left over."""
    told = traded_events(order, fills, now)
    if order.status == "EXPIRED":
        told.append(report(order, "EXPIRED", "EXPIRED", now))
    return told


def traded_events(order: Order, fills: list[Fill], now: int) -> list[Json]:
    """Tell of the newest trades of an order; `fills` are the last ones it has."""
    executed = order.executed - sum((fill.qty for fill in fills), ZERO)
    spent = order.quote_spent - sum((fill.quote for fill in fills), ZERO)
    told = []
    for fill in fills:
        executed, spent = executed + fill.qty, spent + fill.quote
        status = "FILLED" if executed == order.qty else "PARTIALLY_FILLED"
        told.append(report(order, "TRADE", status, now) | _trade(order, fill, executed, spent))
    return told


def report(
    order: Order,
    what: str,
    status: str,
    now: int,
    *,
    cancel_id: str = "",
    created: bool = False,
) -> Json:
    """Return one `executionReport`; a cancel carries its own id, and the order's as `C`."""
    return {
        "e": "executionReport",
        "E": now,
        "s": order.symbol,
        "c": cancel_id or order.client_id,
        "S": order.side,
        "o": order.kind,
        "f": order.tif,
        "q": amount(order.qty),
        "p": amount(order.price),
        "P": amount(order.stop_price),
        "F": amount(ZERO),
        "g": -1,
        "C": order.client_id if cancel_id else "",
        "x": what,
        "X": status,
        "r": "NONE",
        "i": order.order_id,
        "l": amount(ZERO),
        "z": amount(ZERO if created else order.executed),
        "L": amount(ZERO),
        "n": "0",
        "N": None,
        "T": order.created if created else order.updated,
        "t": -1,
        "I": order.order_id * 1_000,
        "w": status in ("NEW", "PARTIALLY_FILLED") and not order.is_stop,
        "m": False,
        "M": False,
        "O": order.created,
        "Z": amount(ZERO if created else order.quote_spent),
        "Y": amount(ZERO),
        "Q": amount(order.quote_qty),
        "W": order.created,
        "V": "NONE",
    }


def position_event(account: Account, assets: Iterable[str], now: int) -> Json:
    """Tell what the account now has of the assets that may have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": now,
        "u": account.updated,
        "B": [
            {
                "a": asset,
                "f": amount(account.free.get(asset, ZERO)),
                "l": amount(account.locked.get(asset, ZERO)),
            }
            for asset in assets
        ],
    }


def balance_event(asset: str, delta: Decimal, now: int) -> Json:
    """Tell of money that came or went without a trade."""
    return {"e": "balanceUpdate", "E": now, "a": asset, "d": amount(delta), "T": now}


def terminated_event(now: int) -> Json:
    return {"e": "eventStreamTerminated", "E": now}


def shutdown_event(now: int) -> Json:
    return {"e": "serverShutdown", "E": now}


def _trade(order: Order, fill: Fill, executed: Decimal, spent: Decimal) -> Json:
    return {
        "l": amount(fill.qty),
        "z": amount(executed),
        "L": amount(fill.price),
        "n": amount(fill.commission),
        "N": fill.commission_asset,
        "T": fill.at,
        "t": fill.trade_id,
        "I": order.order_id * 1_000 + fill.trade_id,
        "m": fill.maker,
        "M": True,
        "Z": amount(spent),
        "Y": amount(fill.quote),
    }
