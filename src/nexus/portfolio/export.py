"""How does somebody take their trades along? As lines for a spreadsheet, any number of them.

The file is written to the disk a few hundred rows at a time and sent then: memory stays flat, and
a slow reader holds no connection to the database.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import IO, Any, Final

from sqlalchemy import Select

from nexus.core.db import Database, Transaction
from nexus.core.ids import LARGEST_ID
from nexus.execution.models import FillRow
from nexus.portfolio.dispose import Disposal, Lots
from nexus.portfolio.search_trades import KINDS, PAPER, Trade, TradeSearch, trades_query

ROWS_AT_ONCE: Final = 500
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""
PLACES: Final = Decimal("1e-12")

TRADE_COLUMNS: Final = (
    "time_utc", "bot", "account", "money", "symbol", "side", "quantity", "price", "value",
    "currency", "fee", "fee_asset", "exchange_trade_id",
)  # fmt: skip
DISPOSAL_COLUMNS: Final = (
    "account", "money", "symbol", "acquired_utc", "disposed_utc", "quantity", "cost", "proceeds",
    "fee", "fee_asset", "result", "currency", "method", "exchange_trade_id",
)  # fmt: skip
METHOD: Final = "FIFO per account and symbol"


async def export_trades(
    database: Database,
    user_id: int,
    search: TradeSearch,
    file: IO[bytes],
    kinds: Mapping[str, str] = KINDS,
) -> None:
    """Write every trade that fits, oldest first."""
    query = trades_query(user_id, replace(search, before=LARGEST_ID)).order_by(FillRow.id)
    file.write(csv_lines([TRADE_COLUMNS]))
    async with database.transaction() as tx:
        async for some in _partitions(tx, query):
            file.write(csv_lines(_trade_line(trade, kinds) for trade in some))


async def export_disposals(
    database: Database,
    user_id: int,
    search: TradeSearch,
    file: IO[bytes],
    kinds: Mapping[str, str] = KINDS,
) -> None:
    """Write one line per sale and purchase it came out of, by account and symbol, oldest first.

    What was bought before the first day counts, so the range chooses lines and not lots; and a
    filter by bot or side is not asked, because lots belong to an account.
    """
    lots_of = TradeSearch(account=search.account, symbol=search.symbol, kind=search.kind)
    query = trades_query(user_id, lots_of).order_by(
        FillRow.account_id, FillRow.symbol, FillRow.at, FillRow.id
    )
    file.write(csv_lines([DISPOSAL_COLUMNS]))
    lots, where = Lots(), (0, "")
    async with database.transaction() as tx:
        async for some in _partitions(tx, query):
            lines = []
            for trade in some:
                if (trade.account_id, trade.symbol) != where:
                    lots, where = Lots(), (trade.account_id, trade.symbol)
                disposals = lots.take(trade)
                lines += [
                    _disposal_line(part, kinds) for part in disposals if _in_range(trade, search)
                ]
            file.write(csv_lines(lines))


async def _partitions(
    tx: Transaction, query: Select[*tuple[Any, ...]]
) -> AsyncIterator[list[Trade]]:
    """Read trades from a cursor at the server, some at a time."""
    stream = await tx.stream(query.execution_options(yield_per=ROWS_AT_ONCE))
    async for some in stream.mappings().partitions():
        yield [Trade(**row) for row in some]


def _in_range(trade: Trade, search: TradeSearch) -> bool:
    day = trade.at.astimezone(UTC).date()
    return (search.since is None or day >= search.since) and (
        search.until is None or day <= search.until
    )


def csv_lines(lines: Iterable[Sequence[object]]) -> bytes:
    """Write lines; text that a spreadsheet would run as a formula is made text."""
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in line] for line in lines)
    return text.getvalue().encode()


def cell(value: object) -> str:
    """Write one value: an amount with a plain point and minus, a time in UTC."""
    match value:
        case None:
            return ""
        case Decimal():
            return _amount(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds")
        case str():
            return f"'{value}" if value.lstrip(" ").startswith(FORMULAS) else value
        case _:
            return str(value)


def _amount(value: Decimal) -> str:
    """Write an amount without an exponent and without zeros that say nothing."""
    text = f"{value.quantize(PLACES, rounding=ROUND_HALF_EVEN) + 0:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _money(trade: Trade, kinds: Mapping[str, str]) -> str:
    return kinds["paper" if trade.venue == PAPER else "live"]


def _trade_line(trade: Trade, kinds: Mapping[str, str]) -> Sequence[object]:
    return (
        trade.at, trade.bot_id, trade.account, _money(trade, kinds), trade.symbol, trade.side,
        trade.quantity, trade.price, trade.value, trade.quote, trade.fee, trade.fee_asset,
        trade.trade_id,
    )  # fmt: skip


def _disposal_line(part: Disposal, kinds: Mapping[str, str]) -> Sequence[object]:
    trade = part.trade
    return (
        trade.account, _money(trade, kinds), trade.symbol, part.acquired, trade.at, part.quantity,
        part.cost, part.proceeds, part.fee, trade.fee_asset, part.result, trade.quote, METHOD,
        trade.trade_id,
    )  # fmt: skip
