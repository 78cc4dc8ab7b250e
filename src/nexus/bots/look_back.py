"""What was decided lately? Reads stored decisions for the preview of a new bot."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from sqlalchemy import select

from nexus.bots.preview import PastDecision
from nexus.core.db import Transaction
from nexus.exchanges.capabilities import BINANCE, OKX
from nexus.regime.models import VerdictRow
from nexus.strategy.models import DecisionRow

DECISIONS: Final = 60
"""How far a preview looks back."""
FEES: Final[Mapping[str, Decimal]] = {venue.venue: venue.taker_fee_bps for venue in (BINANCE, OKX)}
"""What each venue publishes for an order that takes."""


async def past_decisions(tx: Transaction, strategy: str, symbol: str) -> list[PastDecision]:
    """Read the newest stored decisions of a strategy on a symbol, oldest first."""
    rows = await tx.execute(
        select(
            DecisionRow.decided_at, DecisionRow.action, DecisionRow.layer, DecisionRow.price,
            DecisionRow.target_fraction, VerdictRow.blocked, VerdictRow.reason,
        )
        .join(VerdictRow, VerdictRow.decision_id == DecisionRow.id)
        .where(DecisionRow.strategy == strategy, DecisionRow.symbol == symbol)
        .order_by(DecisionRow.id.desc())
        .limit(DECISIONS)
    )  # fmt: skip
    return [PastDecision(*row) for row in reversed(rows.all())]
