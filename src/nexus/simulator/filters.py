"""Does an order fit the symbol's filters, the same that exchangeInfo announces?"""

from dataclasses import dataclass
from decimal import Decimal

from nexus.simulator.errors import ApiError, filter_failure
from nexus.simulator.orders import ZERO
from nexus.simulator.symbols import SymbolRules

MARKET = "MARKET"
STOP = "STOP_LOSS"
AT_MARKET = (MARKET, STOP)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asked for, read but not yet checked. Zero means not given."""

    symbol: str
    side: str
    kind: str
    tif: str
    qty: Decimal
    quote_qty: Decimal
    price: Decimal
    client_id: str
    stop_price: Decimal = ZERO

    @property
    def is_buy(self) -> bool:
        return self.side == "BUY"


def check_filters(
    rules: SymbolRules, wish: Wish, average: Decimal, open_orders: int, open_stops: int = 0
) -> None:
    """Raise -1013 for the first filter that fails. `average` is the price of five minutes."""
    if rules.status != "TRADING":
        raise ApiError(-1013, "Market is closed.")
    if wish.kind == STOP:
        _check_tick(rules, wish.stop_price)
    elif wish.kind != MARKET:
        _check_price(rules, wish, average)
    if wish.qty:
        _check_lot(rules, wish)
    _check_notional(rules, wish, average)
    if wish.kind != MARKET and open_orders >= rules.max_orders:
        raise filter_failure("MAX_NUM_ORDERS")
    if wish.kind == STOP and open_stops >= rules.max_stops:
        raise filter_failure("MAX_NUM_ALGO_ORDERS")


def _check_price(rules: SymbolRules, wish: Wish, average: Decimal) -> None:
    _check_tick(rules, wish.price)
    if not average * rules.percent_down <= wish.price <= average * rules.percent_up:
        raise filter_failure("PERCENT_PRICE_BY_SIDE")


def _check_tick(rules: SymbolRules, price: Decimal) -> None:
    if not rules.tick <= price <= rules.max_price or price % rules.tick:
        raise filter_failure("PRICE_FILTER")


def _check_lot(rules: SymbolRules, wish: Wish) -> None:
    if not rules.step <= wish.qty <= rules.lot_max or wish.qty % rules.step:
        raise filter_failure("LOT_SIZE")
    if wish.kind in AT_MARKET and wish.qty > rules.market_max:
        raise filter_failure("MARKET_LOT_SIZE")


def _check_notional(rules: SymbolRules, wish: Wish, average: Decimal) -> None:
    value = wish.quote_qty or wish.qty * (average if wish.kind in AT_MARKET else wish.price)
    if value < rules.min_notional:
        raise filter_failure("NOTIONAL")
    if wish.kind not in AT_MARKET and value > rules.max_notional:
        raise filter_failure("NOTIONAL")
