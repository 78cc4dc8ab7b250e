"""At which prices does an order trade?

Takers walk the book; resting orders trade as makers, at their own price, once the market has been
where the best quote crosses them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from nexus.simulator.book import Level, asks, best_ask, best_bid, bids
from nexus.simulator.filters import MARKET, Wish
from nexus.simulator.orders import ZERO, Order
from nexus.simulator.symbols import SymbolRules


@dataclass(frozen=True, slots=True)
class Taken:
    """What the book gave: the pieces, and whether the book ran out first."""

    pieces: list[Level]
    ran_out: bool

    @property
    def qty(self) -> Decimal:
        return sum((piece.qty for piece in self.pieces), ZERO)

    @property
    def quote(self) -> Decimal:
        return sum((piece.price * piece.qty for piece in self.pieces), ZERO)


def take(rules: SymbolRules, last: Decimal, wish: Wish) -> Taken:
    """Walk the book for `wish` without moving anything. Limit orders stop at their price."""
    if wish.quote_qty:
        return _take_quote(rules, last, wish)
    return _take_qty(wish.qty, _acceptable(rules, last, wish))


def _take_qty(left: Decimal, levels: Iterator[Level]) -> Taken:
    pieces: list[Level] = []
    for level in levels:
        qty = min(level.qty, left)
        pieces.append(Level(level.price, qty))
        left -= qty
        if not left:
            break
    return Taken(pieces, ran_out=bool(left))


def _take_quote(rules: SymbolRules, last: Decimal, wish: Wish) -> Taken:
    """Spend (or earn) up to `quote_qty`, in whole lots."""
    pieces: list[Level] = []
    left = wish.quote_qty
    for level in _acceptable(rules, last, wish):
        lots = (left / level.price / rules.step).to_integral_value(ROUND_DOWN)
        qty = min(level.qty, lots * rules.step)
        if qty:
            pieces.append(Level(level.price, qty))
            left -= qty * level.price
        if qty < level.qty:
            return Taken(pieces, ran_out=False)
    return Taken(pieces, ran_out=True)


def thin(taken: Taken, share: Decimal, rules: SymbolRules) -> Taken:
    """Leave only a share of what the book gave, in whole lots, as if it had run out."""
    left = (taken.qty * share / rules.step).to_integral_value(ROUND_DOWN) * rules.step
    pieces: list[Level] = []
    for piece in taken.pieces:
        if left > 0:
            pieces.append(Level(piece.price, min(piece.qty, left)))
            left -= piece.qty
    return Taken(pieces, ran_out=True)


def _acceptable(rules: SymbolRules, last: Decimal, wish: Wish) -> Iterator[Level]:
    for level in asks(rules, last) if wish.is_buy else bids(rules, last):
        if wish.kind != MARKET and _is_worse(level.price, wish):
            return
        yield level


def _is_worse(price: Decimal, wish: Wish) -> bool:
    return price > wish.price if wish.is_buy else price < wish.price


def would_take(rules: SymbolRules, last: Decimal, wish: Wish) -> bool:
    """Whether a LIMIT_MAKER order would trade at once."""
    best = best_ask(rules, last) if wish.is_buy else best_bid(rules, last)
    return not _is_worse(best, wish)


def take_stopped(rules: SymbolRules, order: Order, high: Decimal) -> Taken:
    """Sell a stop order at the market, where its price was met: below it if the market jumped."""
    last = min(order.stop_price, high)
    return _take_qty(order.left, bids(rules, last))


def is_crossed(rules: SymbolRules, order: Order, low: Decimal, high: Decimal) -> bool:
    """Whether the market, having been from `low` to `high`, has met a resting order."""
    if order.is_stop:
        return low <= order.stop_price
    if order.is_buy:
        return best_ask(rules, low) <= order.price
    return best_bid(rules, high) >= order.price
