"""What does a bot hold after a fill? Pure arithmetic on average cost, fees included."""

from dataclasses import dataclass, replace
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Held:
    """A bot's position: base units, what they cost in quote, and the result so far in quote."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    trade_id: int | None = None
    layers: int = 0


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill as it moves a position."""

    buys: bool
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str


def after_fill(held: Held, fill: Execution, base: str, quote: str) -> Held:
    """Move a position by one fill.

    A fee in base reduces what is held; a fee in quote adds to the cost or lessens the proceeds;
    a fee in a third asset (BNB) is kept with the fill and moves neither.
    """
    base_fee = fill.fee if fill.fee_asset == base else ZERO
    quote_fee = fill.fee if fill.fee_asset == quote else ZERO
    value = fill.price * fill.quantity
    if fill.buys:
        quantity = held.quantity + fill.quantity - base_fee
        return replace(held, quantity=quantity, cost=held.cost + value + quote_fee)
    sold = min(fill.quantity + base_fee, held.quantity)
    share = sold / held.quantity if held.quantity else ZERO
    cost_of_sold = held.cost * share
    left = held.quantity - sold
    return replace(
        held,
        quantity=left,
        cost=held.cost - cost_of_sold if left else ZERO,
        realised=held.realised + value - quote_fee - cost_of_sold,
    )
