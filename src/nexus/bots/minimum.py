"""What is the least a bot can be given, so that each of its orders is large enough?"""

from decimal import ROUND_UP, Decimal

from sqlalchemy import func, select

from nexus.core.db import Transaction
from nexus.exchanges.models import SymbolFilter
from nexus.market.models import TickerRow
from nexus.settings import Settings

UNKNOWN_MINIMUM = Decimal(5)
"""Until a venue has told us its own; Binance's is 5 USDT."""


async def smallest_allocation(tx: Transaction, rules: Settings) -> Decimal:
    """Give the smallest allocation whose thinnest layer still meets every venue's minimum.

    In quote currency, at the prices of now. Orders are rounded down to the venue's step, so one
    whole step is added: without it an order of just the minimum would end below it.
    """
    price = func.coalesce(TickerRow.price, 0)
    least = func.greatest(SymbolFilter.min_notional, SymbolFilter.min_quantity * price)
    order = await tx.scalar(
        select(func.max(least * _margin(rules) + SymbolFilter.step_size * price)).outerjoin(
            TickerRow, TickerRow.symbol == SymbolFilter.symbol
        )
    )
    needed = (order or UNKNOWN_MINIMUM * _margin(rules)) / min(rules.pyramid_fractions)
    return needed.quantize(Decimal(1), rounding=ROUND_UP)


def _margin(rules: Settings) -> Decimal:
    return 1 + rules.notional_margin_percent / 100
