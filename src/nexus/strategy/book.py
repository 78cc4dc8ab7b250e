"""What does the leader hold? Reads, moves and stores the book of each (strategy, symbol)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from nexus.core.clock import from_ms, now, to_ms
from nexus.core.db import Transaction
from nexus.strategy.border import Action, Book, Layer
from nexus.strategy.decide import Books, Proposal
from nexus.strategy.models import LeaderBookRow

BOOKS = select(*LeaderBookRow.__table__.c)


async def load_books(tx: Transaction) -> Books:
    """Read every leader's book."""
    rows = await tx.execute(BOOKS)
    return {(row.strategy, row.symbol): _from_row(row) for row in rows}


async def keep_book(tx: Transaction, proposal: Proposal) -> None:
    """Keep what a hold changed: a new peak, or the strategy's own state.

    That it was asked is not worth a write: asked again, it holds again.
    """
    book = replace(moved(proposal, passed=False, trade_id=None), state=proposal.decision.state)
    before = proposal.book
    if (book.peak, book.state) != (before.peak, before.state):
        await store_book(tx, proposal.strategy, proposal.symbol, book)


def moved(proposal: Proposal, *, passed: bool, trade_id: int | None) -> Book:
    """Give the book after a candle: asked about it, and moved if the decision passed."""
    book = replace(proposal.book, decided_candle=proposal.candle)
    if book.peak is not None:
        book = replace(book, peak=max(book.peak, proposal.price))
    if not passed or proposal.decision.is_hold:
        return book
    decision = proposal.decision
    book = replace(
        book,
        state=decision.state,
        fraction=decision.target_fraction,
        stop_price=decision.stop_price or book.stop_price,
    )
    match decision.action:
        case Action.ENTER | Action.ADD:
            layer = Layer(proposal.price, proposal.candle)
            peak = max(book.peak or proposal.price, proposal.price)
            return replace(book, layers=(*book.layers, layer), peak=peak, trade_id=trade_id)
        case Action.EXIT:
            return replace(book, layers=(), peak=None, stop_price=None, trade_id=None)
        case _:
            return book


async def store_book(tx: Transaction, strategy: str, symbol: str, book: Book) -> None:
    """Write a leader's book; an older candle never overwrites a newer one."""
    values: dict[str, Any] = {
        "layers": [[str(layer.price), to_ms(layer.candle)] for layer in book.layers],
        "fraction": book.fraction,
        "peak": book.peak,
        "stop_price": book.stop_price,
        "trade_id": book.trade_id,
        "state": dict(book.state),
        "decided_candle": book.decided_candle,
        "updated_at": now(),
    }
    await tx.execute(
        insert(LeaderBookRow)
        .values(strategy=strategy, symbol=symbol, **values)
        .on_conflict_do_update(
            index_elements=["strategy", "symbol"],
            set_=values,
            where=LeaderBookRow.decided_candle < book.decided_candle,
        )
    )


def _from_row(row: Row[*tuple[Any, ...]]) -> Book:
    return Book(
        layers=tuple(Layer(Decimal(price), from_ms(at)) for price, at in row.layers),
        fraction=row.fraction,
        peak=row.peak,
        state=row.state,
        stop_price=row.stop_price,
        trade_id=row.trade_id,
        decided_candle=row.decided_candle,
    )
