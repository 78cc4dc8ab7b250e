"""A seat, a wish and a venue to size with; tests change what they are about."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from nexus.exchanges.protocol import Filters, Side
from nexus.fanout.size import Denial, Leg, NotYet, Seat, Wish, size
from nexus.settings import TradingSettings
from nexus.strategy.border import Action

BTC = "BTC/USDT"
RULES = TradingSettings()
FILTERS = Filters(
    symbol=BTC,
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(50),
    min_notional=Decimal(5),
)
FLAT = Seat(
    bot_id=1,
    user_id=3,
    account_id=2,
    venue="binance",
    status="running",
    account_status="active",
    allocation=Decimal(1000),
    max_order=None,
    held=Decimal(0),
    cost=Decimal(0),
    trade_id=None,
    free_quote=Decimal(5000),
    free_base=Decimal(0),
    tier_left=Decimal(10_000),
    has_live_order=False,
)
HOLDING = replace(FLAT, held=Decimal(4), cost=Decimal(400), trade_id=7, free_base=Decimal(9))


def wish(action: str, target: str = "0.4", leader: str = "0", price: str = "100") -> Wish:
    return Wish(Action(action), BTC, Decimal(price), Decimal(target), Decimal(leader), trade_id=7)


ENTER = wish("enter")
ADD = wish("add", "0.7", "0.4")
REDUCE = wish("reduce", "0.1", "0.4")
EXIT = wish("exit", "0", "0.4")


AMOUNTS = {"allocation", "max_order", "held", "cost", "free_quote", "free_base", "tier_left"}


def changed(seat: Seat, changes: dict[str, Any]) -> Seat:
    """Change a seat; amounts may be written as text."""
    values: dict[str, Any] = {
        name: Decimal(value) if name in AMOUNTS and value is not None else value
        for name, value in changes.items()
    }
    return replace(seat, **values)


def sized(
    what: Wish, seat: Seat = FLAT, filters: Filters | None = FILTERS, **changes: Any
) -> Leg | Denial | NotYet:
    """Size one seat, with changes to it."""
    return size(changed(seat, changes), what, filters, RULES)


def buys(quantity: str) -> Leg:
    return Leg(Side.BUY, Decimal(quantity))


def sells(quantity: str) -> Leg:
    return Leg(Side.SELL, Decimal(quantity))
