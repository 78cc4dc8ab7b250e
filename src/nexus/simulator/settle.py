"""How does an order move balances, so that no unit is ever made or lost?

The other side of every trade is the house, and commissions go to the fee account. For each asset
the sum over accounts (free and locked), house and fees never changes by trading.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from nexus.simulator.accounts import Account
from nexus.simulator.orders import ZERO, Fill, Order
from nexus.simulator.symbols import SymbolRules

COMMISSION = Decimal("0.001")
SATOSHI = Decimal("0.00000001")


def _zeroes() -> defaultdict[str, Decimal]:
    return defaultdict(lambda: ZERO)


@dataclass(slots=True)
class Books:
    """The house that takes the other side of every trade, and the fees it has earned."""

    house: defaultdict[str, Decimal] = field(default_factory=_zeroes)
    fees: defaultdict[str, Decimal] = field(default_factory=_zeroes)


def commission_on(received: Decimal) -> Decimal:
    """0.1 % of what the trade brings in, in eight decimals, never more than the exact share."""
    return (received * COMMISSION).quantize(SATOSHI, ROUND_DOWN)


def deposit(books: Books, account: Account, asset: str, amount: Decimal) -> None:
    account.free[asset] += amount
    books.house[asset] -= amount


def reserve(account: Account, rules: SymbolRules, order: Order) -> None:
    """Lock what the open rest of a resting order may still need."""
    asset = rules.quote if order.is_buy else rules.base
    account.free[asset] -= order.reserved
    account.locked[asset] += order.reserved


def release(account: Account, rules: SymbolRules, order: Order) -> None:
    """Give back what the open rest had locked, because it will never trade."""
    asset = rules.quote if order.is_buy else rules.base
    account.locked[asset] -= order.reserved
    account.free[asset] += order.reserved


def settle_fill(
    books: Books, account: Account, rules: SymbolRules, order: Order, fill: Fill
) -> None:
    """Book one trade. A maker's side was locked before; it trades at its own price."""
    paid_from = account.locked if fill.maker else account.free
    if order.is_buy:
        paid, paid_asset, received, asset = fill.quote, rules.quote, fill.qty, rules.base
    else:
        paid, paid_asset, received, asset = fill.qty, rules.base, fill.quote, rules.quote
    paid_from[paid_asset] -= paid
    books.house[paid_asset] += paid
    account.free[asset] += received - fill.commission
    books.house[asset] -= received
    books.fees[asset] += fill.commission
    order.executed += fill.qty
    order.quote_spent += fill.quote
    order.fills.append(fill)
    order.updated = account.updated = fill.at
