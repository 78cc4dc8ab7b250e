"""What do the public pages read that belongs to nobody? The tiers, as they stand."""

from collections.abc import Sequence

from sqlalchemy import select

from nexus.billing.models import Tier
from nexus.core.db import Transaction


async def tiers(tx: Transaction) -> Sequence[Tier]:
    """Read every tier, the smallest first."""
    return (await tx.scalars(select(Tier).order_by(Tier.max_allocation, Tier.name))).all()
