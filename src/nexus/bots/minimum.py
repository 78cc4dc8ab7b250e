"""What is the least a bot can be given, so that each of its orders is large enough?"""

from decimal import ROUND_UP, Decimal

from sqlalchemy import func, select

from nexus.core.db import Transaction
from nexus.exchanges.models import SymbolFilter
from nexus.settings import Settings

UNKNOWN_MINIMUM = Decimal(5)
"""Until a venue has told us its own; Binance's is 5 USDT."""


async def smallest_allocation(tx: Transaction, rules: Settings) -> Decimal:
    """Give the smallest allocation whose thinnest layer still meets every venue's minimum."""
    minimum = await tx.scalar(select(func.max(SymbolFilter.min_notional))) or UNKNOWN_MINIMUM
    needed = minimum * (1 + rules.notional_margin_percent / 100) / min(rules.pyramid_fractions)
    return needed.quantize(Decimal(1), rounding=ROUND_UP)
