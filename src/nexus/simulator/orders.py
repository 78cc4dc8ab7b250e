"""What is an order, and what is a trade?"""

from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)
OPEN = ("NEW", "PARTIALLY_FILLED")


@dataclass(slots=True)
class Fill:
    """One trade of one order. `commission` is in `commission_asset`, the asset received."""

    trade_id: int
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    maker: bool
    at: int

    @property
    def quote(self) -> Decimal:
        return self.price * self.qty


@dataclass(slots=True)
class Order:
    """One order of one account; all times are exchange time in milliseconds."""

    order_id: int
    uid: int
    symbol: str
    client_id: str
    side: str
    kind: str
    tif: str
    price: Decimal
    qty: Decimal
    quote_qty: Decimal
    created: int
    updated: int
    status: str = "NEW"
    executed: Decimal = ZERO
    quote_spent: Decimal = ZERO
    fills: list[Fill] = field(default_factory=list)
    # Whether it still counts as unfilled in the ORDERS limit; its first fill ends that.
    counted: bool = True
    # A stop order sells once the price has been here; zero on every other order.
    stop_price: Decimal = ZERO

    @property
    def is_buy(self) -> bool:
        return self.side == "BUY"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_stop(self) -> bool:
        return self.stop_price > 0

    @property
    def left(self) -> Decimal:
        return self.qty - self.executed

    @property
    def reserved(self) -> Decimal:
        """What the open rest keeps locked: quote for a buy, base for a sell."""
        return self.left * self.price if self.is_buy else self.left
