"""What does a bot hold after a fill? Pure arithmetic on average cost, fees included."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

ZERO = Decimal(0)
LEAST_LOSS = Decimal("1e-8")
"""Less than a venue's last place is what the division of average cost leaves over, no loss."""


@dataclass(frozen=True, slots=True)
class Held:
    """A bot's position: base units, what they cost in quote, and the result so far in quote."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    trade_id: int | None = None
    layers: int = 0
    day: date | None = None
    """The last UTC day on which it sold."""
    day_result: Decimal = ZERO
    """What its sales of that day won or lost, in quote."""
    lost_at: datetime | None = None
    """When it last sold below what it had paid."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill as it moves a position."""

    buys: bool
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    at: datetime


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
    result = value - quote_fee - cost_of_sold
    return replace(
        _after_result(held, result, fill.at),
        quantity=left,
        cost=held.cost - cost_of_sold if left else ZERO,
        realised=held.realised + result,
    )


def _after_result(held: Held, result: Decimal, at: datetime) -> Held:
    """Count a sale's result to its own day; one that is told of days later changes no newer day."""
    if result <= -LEAST_LOSS and (held.lost_at is None or at > held.lost_at):
        held = replace(held, lost_at=at)
    day = at.astimezone(UTC).date()
    if held.day is None or day > held.day:
        return replace(held, day=day, day_result=result)
    return replace(held, day_result=held.day_result + result) if day == held.day else held
