"""What does each venue demand of orders? Keeps the last answer where planning can read it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nexus.core.clock import now
from nexus.core.db import Transaction
from nexus.exchanges.models import SymbolFilter
from nexus.exchanges.protocol import Filters


async def store_filters(tx: Transaction, venue: str, filters: Mapping[str, Filters]) -> None:
    """Write down what `venue` demands, over what it demanded before."""
    if not filters:
        return
    at = now()
    rows = [{"venue": venue, "read_at": at} | asdict(item) for item in filters.values()]
    statement = insert(SymbolFilter)
    columns = rows[0].keys() - {"venue", "symbol"}
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["venue", "symbol"],
            set_={name: statement.excluded[name] for name in columns},
        ),
        rows,
    )


async def read_filters(tx: Transaction, venue: str, symbols: Iterable[str]) -> dict[str, Filters]:
    """Read what was written down; a symbol nobody asked the venue about is left out."""
    wanted = select(SymbolFilter).where(
        SymbolFilter.venue == venue, SymbolFilter.symbol.in_(list(symbols))
    )
    return {
        row.symbol: Filters(
            symbol=row.symbol,
            tick_size=row.tick_size,
            step_size=row.step_size,
            min_quantity=row.min_quantity,
            max_quantity=row.max_quantity,
            min_notional=row.min_notional,
            trading=row.trading,
            rests_stops=row.rests_stops,
        )
        for row in await tx.scalars(wanted)
    }
