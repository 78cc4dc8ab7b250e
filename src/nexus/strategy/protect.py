"""Has the price come to the leader's stop? Then the trade is left, whatever the strategy says.

Pure. This stop depends on us: it is looked at in each look at the market, whether or not one rests
at an exchange as well (`execution/rest.py`). It is decided on the candle that is still open, so
there is one decision per candle here too, and the strategy is next asked about the candle after it.
"""

from decimal import Decimal

from nexus.market.snapshot import Health, MarketSnapshot
from nexus.strategy.border import Action, Decision, Strategy
from nexus.strategy.decide import EMPTY_BOOK, Books, Proposal


def leave_at_stop(
    strategy: Strategy, symbol: str, snapshot: MarketSnapshot, books: Books
) -> Proposal | None:
    """Propose to leave at the stop; None while the price is above it, or is not to be trusted.

    Without a fresh price nothing is proposed, so that the next look can still do it.
    """
    book, view = books.get((strategy.name, symbol), EMPTY_BOOK), snapshot.symbols[symbol]
    if book.is_flat or book.stop_price is None or not view.candles.rows:
        return None
    if view.health is not Health.FRESH or view.price is None or view.price > book.stop_price:
        return None
    candle = view.candles.last.open_time + view.candles.timeframe
    if book.decided_candle is not None and candle <= book.decided_candle:
        return None
    decision = _leave(view.price, book.stop_price, len(book.layers))
    return Proposal(strategy.name, symbol, candle, view.price, decision, book)


def _leave(price: Decimal, stop: Decimal, layers: int) -> Decision:
    return Decision(
        Action.EXIT,
        layer=layers,
        why=f"The price came to the stop at {stop.normalize():f}.",
        inputs={"price": str(price), "stop_price": str(stop)},
    )
