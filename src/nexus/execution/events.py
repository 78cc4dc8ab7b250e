"""What happened to orders, for others to react to."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OrderMoved:
    """An order reached a new state. Amounts are totals so far."""

    order_id: int
    bot_id: int
    user_id: int
    symbol: str
    side: str
    action: str
    status: str
    quantity: Decimal
    average_price: Decimal | None
    fee: Decimal
    fee_asset: str
    reason: str
    at: datetime
