"""What can be bought and sold right now, and how deep?

The book is drawn around the last price: a spread of one basis point, then a hundred levels half
a basis point apart, each holding more than the one before. It is full again after every order,
so what one account gets never depends on who came first in the same moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal

from nexus.simulator.symbols import SymbolRules

LEVELS = 100
HALF_SPREAD = Decimal("0.00005")
LEVEL_GAP = Decimal("0.00005")
# The best level holds 4,000 of quote currency, the next 8,000 and so on: 20 million in all.
FIRST_LEVEL = Decimal(4_000)


@dataclass(frozen=True, slots=True)
class Level:
    """A price at which `qty` of the base asset can be had."""

    price: Decimal
    qty: Decimal


def asks(rules: SymbolRules, last: Decimal) -> Iterator[Level]:
    """Return what a buyer takes, cheapest first."""
    best = _to_tick(last * (1 + HALF_SPREAD), rules.tick, ROUND_CEILING)
    gap = _gap(rules, last)
    for number in range(LEVELS):
        price = best + gap * number
        yield Level(price, _quantity(rules, price, number))


def bids(rules: SymbolRules, last: Decimal) -> Iterator[Level]:
    """Return what a seller takes, dearest first."""
    best = _to_tick(last * (1 - HALF_SPREAD), rules.tick, ROUND_FLOOR)
    gap = _gap(rules, last)
    for number in range(LEVELS):
        price = best - gap * number
        if price <= 0:
            return
        yield Level(price, _quantity(rules, price, number))


def best_ask(rules: SymbolRules, last: Decimal) -> Decimal:
    return next(asks(rules, last)).price


def best_bid(rules: SymbolRules, last: Decimal) -> Decimal:
    # A price of a single tick has no room for a bid below it.
    return next((level.price for level in bids(rules, last)), Decimal(0))


def _gap(rules: SymbolRules, last: Decimal) -> Decimal:
    return max(_to_tick(last * LEVEL_GAP, rules.tick, ROUND_DOWN), rules.tick)


def _quantity(rules: SymbolRules, price: Decimal, number: int) -> Decimal:
    wanted = FIRST_LEVEL * (number + 1) / price
    return max(_to_tick(wanted, rules.step, ROUND_DOWN), rules.step)


def _to_tick(value: Decimal, tick: Decimal, rounding: str) -> Decimal:
    return (value / tick).to_integral_value(rounding) * tick
