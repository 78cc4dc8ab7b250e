"""Ask a strategy about the newest closed candle, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import structlog

from nexus.market.snapshot import MarketSnapshot
from nexus.strategy.border import Action, Book, Decision, Strategy, StrategyError


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision in its place: by whom, on what, on which candle, with which book in hand."""

    strategy: str
    symbol: str
    candle: datetime
    price: Decimal
    """The close of that candle."""
    decision: Decision
    book: Book

    @property
    def origin(self) -> str:
        """Its natural key as text; the client ids of its orders are derived from it."""
        return f"{self.strategy}/{self.symbol}/{self.candle.isoformat()}"


log = structlog.get_logger()

Books = Mapping[tuple[str, str], Book]
"""The leader's books, by (strategy, symbol)."""

EMPTY_BOOK: Final = Book()


def decide(
    strategy: Strategy, symbol: str, snapshot: MarketSnapshot, books: Books
) -> Proposal | None:
    """Ask about the newest candle; None when there is none that it was not asked about yet."""
    book = books.get((strategy.name, symbol), EMPTY_BOOK)
    candles = snapshot.symbols[symbol].candles
    if len(candles) < max(1, strategy.warmup):
        return None
    newest = candles.last
    if book.decided_candle is not None and newest.open_time <= book.decided_candle:
        return None
    decision = strategy.decide(candles, book)
    _check(strategy, decision, book, newest.close)
    return Proposal(strategy.name, symbol, newest.open_time, newest.close, decision, book)


def ask(strategy: Strategy, symbol: str, snapshot: MarketSnapshot, books: Books) -> Proposal | None:
    """Ask a strategy, and go on without it when it fails: one must not stop the others."""
    try:
        return decide(strategy, symbol, snapshot, books)
    except Exception:
        log.exception("strategy_failed", strategy=strategy.name, symbol=symbol)
        return None


def _check(strategy: Strategy, decision: Decision, book: Book, price: Decimal) -> None:
    """Refuse what no strategy may say, whatever its logic."""
    if decision.is_hold:
        return
    if not (_is_share(decision.target_fraction) and _fits(decision, book)):
        raise StrategyError(
            f"{strategy.name} said {decision.action} to {decision.target_fraction}"
            f" as layer {decision.layer} while holding {len(book.layers)} layers"
        )
    if not _may_stop_at(decision.stop_price, price):
        raise StrategyError(
            f"{strategy.name} set a stop at {decision.stop_price} while the price is {price}"
        )


def _is_share(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= 1


def _may_stop_at(stop: Decimal | None, price: Decimal) -> bool:
    """Say whether a stop can be set here: at or above the price it would be reached at once."""
    return stop is None or (stop.is_finite() and 0 < stop < price)


def _fits(decision: Decision, book: Book) -> bool:
    """Say whether a decision follows from what is held: adding raises, reducing lowers."""
    target = decision.target_fraction
    if decision.action is Action.ENTER:
        return book.is_flat and decision.layer == 1 and target > 0
    if book.is_flat:
        return False
    return {
        Action.ADD: decision.layer == len(book.layers) + 1 and target > book.fraction,
        Action.REDUCE: target < book.fraction,
        Action.EXIT: target == 0,
    }[decision.action]
