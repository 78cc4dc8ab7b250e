"""What did each sale win or lose for the tax office? First bought, first sold; pure arithmetic.

Lots are kept per exchange account and symbol. A fee in the quote currency adds to the cost or
lessens the proceeds; a fee in the coin itself makes the lot smaller, or is sold with it for
nothing; a fee in a third asset is shown and moves neither, because no rate of ours is its price.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from nexus.portfolio.search_trades import Trade

ZERO = Decimal(0)


@dataclass(slots=True)
class Lot:
    """What is left of one purchase: base units, and what they cost in quote, fee included."""

    at: datetime
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Disposal:
    """One sale, or as much of it as came out of one purchase; amounts in quote currency."""

    trade: Trade
    acquired: datetime | None
    """None where more was sold than our ledger saw bought: its cost is not known."""
    quantity: Decimal
    cost: Decimal | None
    proceeds: Decimal
    """What the sale brought, before its fee."""
    fee: Decimal
    """The fee of the sale, in `fee_asset`, as far as it belongs to this part."""

    @property
    def result(self) -> Decimal | None:
        """Say what was won or lost, the sale's fee included where it is in quote or in coins."""
        if self.cost is None:
            return None
        in_quote = self.fee if self.trade.fee_asset == self.trade.quote else ZERO
        return self.proceeds - in_quote - self.cost


@dataclass(slots=True)
class Lots:
    """The purchases of one account in one symbol that are not sold yet, oldest first."""

    open: deque[Lot] = field(default_factory=deque)

    def take(self, trade: Trade) -> Iterator[Disposal]:
        """Move the lots by one trade; gives the disposals a sale comes to."""
        base = trade.symbol.partition("/")[0]
        coins = trade.fee if trade.fee_asset == base else ZERO
        if trade.side == "sell":
            yield from self._sell(trade, trade.quantity + coins)
        elif trade.quantity > coins:
            in_quote = trade.fee if trade.fee_asset == trade.quote else ZERO
            self.open.append(Lot(trade.at, trade.quantity - coins, trade.value + in_quote))

    def _sell(self, trade: Trade, gone: Decimal) -> Iterator[Disposal]:
        """Take `gone` units out of the oldest lots; each gives its share of price and fee."""
        left, value, fee = gone, trade.value, trade.fee
        while left > 0:
            at, taken, cost = self._oldest(left)
            # Each part is taken from what is left, so that the parts add up to the sale exactly.
            part, part_fee = (value * taken / left, fee * taken / left)
            left, value, fee = left - taken, value - part, fee - part_fee
            yield Disposal(trade, at, taken, cost, part, part_fee)

    def _oldest(self, wanted: Decimal) -> tuple[datetime | None, Decimal, Decimal | None]:
        if not self.open:
            return None, wanted, None
        lot = self.open[0]
        if lot.quantity <= wanted:
            self.open.popleft()
            return lot.at, lot.quantity, lot.cost
        cost = lot.cost * wanted / lot.quantity
        lot.quantity, lot.cost = lot.quantity - wanted, lot.cost - cost
        return lot.at, wanted, cost
