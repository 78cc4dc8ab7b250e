"""What may somebody new do? As much as the first tier allows, from the start."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert

from nexus.accounts.events import PersonVerified
from nexus.billing.models import Entitlement
from nexus.core.db import Transaction

FIRST_TIER = "starter"


async def give_first_tier(tx: Transaction, joined: Sequence[PersonVerified]) -> None:
    """Reaction: give everybody new the first tier, for good."""
    await tx.execute(
        insert(Entitlement)
        .values([{"user_id": person.user_id, "tier": FIRST_TIER} for person in joined])
        .on_conflict_do_nothing()
    )
